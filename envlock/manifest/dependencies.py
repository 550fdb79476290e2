"""The tables `[conda]` and `[pip]`."""

import re

from packaging.requirements import Requirement

from envlock.manifest.addresses import Surroundings, index_url
from envlock.manifest.conda_spec import normalized_spec
from envlock.manifest.names import WORDS
from envlock.manifest.pip_requirement import normalized_requirement
from envlock.model.edges import conda_name
from envlock.model.fields import Item, Table, matching
from envlock.model.spec import DEFAULT_CHANNEL, DEFAULT_INDEX, CondaSpec, Index, PipSpec

_priority = matching("strict|flexible", "`strict` or `flexible`")
_index_name = matching(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", WORDS)


def read_conda(table: Table, surroundings: Surroundings) -> CondaSpec:
    """`[conda]`: channels in order, dependencies normalised and sorted."""
    channels = table.texts("channels", surroundings.channel, filled=True) or ()
    dependencies = table.texts("dependencies", normalized_spec) or ()
    table.document.refuse_twice(channels)
    table.document.refuse_twice(dependencies, lambda spec: (spec.rpartition("::")[0], conda_name(spec)))
    return CondaSpec(
        channels=tuple(item.value for item in channels) or (DEFAULT_CHANNEL,),
        channel_priority=table.text("channel-priority", _priority) or "strict",
        dependencies=tuple(sorted(item.value for item in dependencies)),
    )


def read_pip(table: Table) -> PipSpec:
    """`[pip]`: dependencies normalised and sorted, indexes in order."""
    dependencies = table.texts("dependencies", normalized_requirement) or ()
    table.document.refuse_twice(dependencies, _name_and_marker)
    tables = table.tables("indexes")
    indexes = tuple(_index(index) for index in tables)
    _refuse_index_twice(tables, indexes)
    return PipSpec(dependencies=tuple(sorted(item.value for item in dependencies)), indexes=indexes)


def _name_and_marker(requirement: str) -> tuple[str, str]:
    """Requirements of one name may stand side by side for differing markers."""
    parsed = Requirement(requirement)
    return parsed.name, str(parsed.marker)


def _index(table: Table) -> Index:
    name = table.needed("name", _index_name)
    # only the address of PyPI is known without being written
    url = table.text("url", index_url) if name == DEFAULT_INDEX else table.needed("url", index_url)
    return Index(name=name, url=url, default=table.flag("default"))


def _refuse_index_twice(tables: tuple[Table, ...], indexes: tuple[Index, ...]) -> None:
    if not tables:
        return
    names = [Item(t.at("name"), i.name) for t, i in zip(tables, indexes, strict=True) if i.name]
    # names that differ in punctuation only would share ENVLOCK_INDEX_NAME_PASSWORD
    tables[0].document.refuse_twice(names, lambda name: re.sub("[._-]", "_", name))
    defaults = [Item(t.at("default"), "default = true") for t, i in zip(tables, indexes, strict=True) if i.default]
    tables[0].document.refuse_twice(defaults)
