"""The tables `[conda]` and `[pip]`."""

import re
from collections.abc import Callable, Hashable, Iterable

from packaging.requirements import Requirement

from envlock.interchange.addresses import Surroundings, index_url
from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.pip.pip_requirement import normalized_constraint
from envlock.manifest import later
from envlock.manifest.names import WORDS
from envlock.model.fields import Item, Table, matching
from envlock.model.match_specs import conda_name
from envlock.model.platform import PLATFORMS
from envlock.model.spec import DEFAULT_CHANNEL, DEFAULT_INDEX, MAIN, CondaSpec, Index, PipSpec, Wants

_priority = matching("strict|flexible", "`strict` or `flexible`")
_canonical = matching(
    r"[a-z0-9*]+(?:-[a-z0-9*]+)*", "a distribution's name in canonical form, or a pattern such as `acme-*`"
)
_index_name = matching(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", WORDS)


def read_conda(table: Table, surroundings: Surroundings) -> CondaSpec:
    """`[conda]`: channels in order, dependencies normalised and sorted."""
    table.has("from")  # what the files say that it names stands in the other keys already
    channels = table.texts("channels", surroundings.channel, filled=True) or ()
    table.document.refuse_twice(channels)
    return CondaSpec(
        channels=tuple(item.value for item in channels) or (DEFAULT_CHANNEL,),
        channel_priority=table.text("channel-priority", _priority) or "strict",
        dependencies=_match_specs(table),
    )


def read_pip(table: Table, surroundings: Surroundings) -> PipSpec:
    """`[pip]`: dependencies normalised and sorted, indexes in order."""
    tables = table.tables("indexes")
    patterns = [index.texts("packages", _pattern, filled=True) or () for index in tables]
    indexes = tuple(_index(index, packages) for index, packages in zip(tables, patterns, strict=True))
    table.document.refuse_twice(item for packages in patterns for item in packages)
    _refuse_index_twice(tables, indexes)
    editable = later.read_editable(table, surroundings) if table.has("editable") else ()
    return PipSpec(
        dependencies=_requirements(table, surroundings),
        constraints=_constraints(table),
        editable=tuple(one.project for one in editable),
        indexes=indexes,
    )


def read_wants(table: Table, surroundings: Surroundings) -> Wants:
    """The tables `conda` and `pip` of a group or a platform, which have dependencies and nothing else."""
    return Wants(conda=_match_specs(table.table("conda")), pip=_requirements(table.table("pip"), surroundings))


def read_groups(table: Table, surroundings: Surroundings) -> tuple[tuple[str, Wants], ...]:
    """`[groups.NAME.conda]`, `[groups.NAME.pip]`: sorted by name."""
    return tuple((name, read_wants(table.table(name), surroundings)) for name in sorted(table.names(_group_name)))


def read_platform_wants(table: Table, surroundings: Surroundings) -> tuple[tuple[str, Wants], ...]:
    """`[platform.NAME.conda]`, `[platform.NAME.pip]`: sorted by platform, without those that ask for nothing."""
    found = ((name, read_wants(table.table(name), surroundings)) for name in sorted(table.names()) if name in PLATFORMS)
    return tuple((name, wants) for name, wants in found if wants)


def _group_name(text: str) -> str:
    if _index_name(text) == MAIN:
        raise ValueError(f"`{MAIN}` is what belongs to no group: [conda] and [pip]")
    return text


def _match_specs(table: Table) -> tuple[str, ...]:
    dependencies = table.texts("dependencies", normalized_spec) or ()
    _refuse_twice(table, dependencies, lambda spec: (spec.rpartition("::")[0], conda_name(spec)))
    return tuple(sorted({item.value for item in dependencies}))


def _requirements(table: Table, surroundings: Surroundings) -> tuple[str, ...]:
    table.has("from")
    dependencies = table.texts("dependencies", surroundings.requirement) or ()
    _refuse_twice(table, dependencies, _name_and_marker)
    return tuple(sorted({item.value for item in dependencies}))


def _constraints(table: Table) -> tuple[str, ...]:
    constraints = table.texts("constraints", normalized_constraint) or ()
    _refuse_twice(table, constraints, _name_and_marker)
    return tuple(sorted({item.value for item in constraints}))


def _refuse_twice(table: Table, items: Iterable[Item], identity: Callable[[str], Hashable]) -> None:
    """In env.toml; files of other tools may ask for a package more than once, and all of it holds."""
    table.document.refuse_twice((item for item in items if table.document.in_toml(item.path)), identity)


def _name_and_marker(requirement: str) -> tuple[str, str]:
    """Requirements of one name may stand side by side for differing markers."""
    parsed = Requirement(requirement)
    return parsed.name, str(parsed.marker)


def _pattern(text: str) -> str:
    if set(text) == {"*"}:
        raise ValueError("all packages come from an index that has `default = true` instead")
    return _canonical(text)


def _index(table: Table, packages: tuple[Item, ...]) -> Index:
    name = table.needed("name", _index_name)
    # only the address of PyPI is known without being written
    url = table.text("url", index_url) if name == DEFAULT_INDEX else table.needed("url", index_url)
    if packages and table.flag("default"):
        table.refuse("packages", "not together with `default`: the default index has what no other one is named for")
    return Index(
        name=name, url=url, default=table.flag("default"), packages=tuple(sorted(item.value for item in packages))
    )


def _refuse_index_twice(tables: tuple[Table, ...], indexes: tuple[Index, ...]) -> None:
    if not tables:
        return
    names = [Item(t.at("name"), i.name) for t, i in zip(tables, indexes, strict=True) if i.name]
    # names that differ in punctuation only would share ENVLOCK_INDEX_NAME_PASSWORD
    tables[0].document.refuse_twice(names, lambda name: re.sub("[._-]", "_", name))
    defaults = [Item(t.at("default"), "default = true") for t, i in zip(tables, indexes, strict=True) if i.default]
    tables[0].document.refuse_twice(defaults)
