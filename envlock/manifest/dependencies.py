"""The tables `[conda]` and `[pip]`."""

import re
from collections.abc import Callable, Hashable, Iterable

from packaging.requirements import Requirement

from envlock.manifest.addresses import Surroundings, index_url
from envlock.manifest.conda_spec import normalized_spec
from envlock.manifest.pip_requirement import normalized_requirement
from envlock.model.fields import Document, Item, Table
from envlock.model.freshness import conda_name
from envlock.model.spec import DEFAULT_CHANNEL, DEFAULT_INDEX, CondaSpec, Index, PipSpec

_PRIORITIES = ("strict", "flexible")
_INDEX = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def read_conda(table: Table, surroundings: Surroundings) -> CondaSpec:
    """`[conda]`: channels in order, dependencies normalised and sorted."""
    channels = table.texts("channels", surroundings.channel, filled=True) or ()
    dependencies = table.texts("dependencies", normalized_spec) or ()
    refuse_twice(table.document, channels, lambda channel: channel)
    refuse_twice(table.document, dependencies, lambda spec: (spec.rpartition("::")[0], conda_name(spec)))
    return CondaSpec(
        channels=tuple(item.value for item in channels) or (DEFAULT_CHANNEL,),
        channel_priority=table.text("channel-priority", _priority) or "strict",
        dependencies=tuple(sorted(item.value for item in dependencies)),
    )


def read_pip(table: Table) -> PipSpec:
    """`[pip]`: dependencies normalised and sorted, indexes in order."""
    dependencies = table.texts("dependencies", normalized_requirement) or ()
    refuse_twice(table.document, dependencies, _name_and_marker)
    tables = table.tables("indexes")
    indexes = tuple(_index(index) for index in tables)
    _refuse_index_twice(tables, indexes)
    return PipSpec(dependencies=tuple(sorted(item.value for item in dependencies)), indexes=indexes)


def refuse_twice(document: Document, items: Iterable[Item], identity: Callable[[str], Hashable]) -> None:
    """Notes every item that says something about what an earlier one is about already."""
    first: dict[Hashable, Item] = {}
    for item in items:
        earlier = first.setdefault(identity(item.value), item)
        if earlier is not item:
            document.refuse(item.path, f"the same as `{earlier.value}` in line {document.line(earlier.path)}: keep one")


def _name_and_marker(requirement: str) -> tuple[str, str]:
    """Requirements of one name may stand side by side for differing markers."""
    parsed = Requirement(requirement)
    return parsed.name, str(parsed.marker)


def _priority(text: str) -> str:
    if text not in _PRIORITIES:
        raise ValueError(f"expected {' or '.join(f'`{priority}`' for priority in _PRIORITIES)}, got `{text}`")
    return text


def _index(table: Table) -> Index:
    name = table.needed("name", _index_name)
    # only the address of PyPI is known without being written
    url = table.text("url", index_url) if name == DEFAULT_INDEX else table.needed("url", index_url)
    return Index(name=name, url=url, default=table.flag("default"))


def _index_name(text: str) -> str:
    if not _INDEX.fullmatch(text):
        raise ValueError(f"expected lower-case letters and digits, joined by single `.`, `_` or `-`, got `{text}`")
    return text


def _refuse_index_twice(tables: tuple[Table, ...], indexes: tuple[Index, ...]) -> None:
    if not tables:
        return
    names = [Item(t.at("name"), i.name) for t, i in zip(tables, indexes, strict=True) if i.name]
    # names that differ in punctuation only would share ENVLOCK_INDEX_NAME_PASSWORD
    refuse_twice(tables[0].document, names, lambda name: re.sub("[._-]", "_", name))
    defaults = [Item(t.at("default"), "default = true") for t, i in zip(tables, indexes, strict=True) if i.default]
    refuse_twice(tables[0].document, defaults, lambda default: default)
