"""The packages of a poetry.lock as values: where each is from, its files, and when it is needed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from envlock.interchange.pip.pins import sha256_of
from envlock.interchange.pip.poetry_versions import specifiers
from envlock.interchange.pip.pythons import checked_marker
from envlock.model.fields import Table
from envlock.model.imported import PinnedFile
from envlock.model.spec import MAIN
from envlock.model.toml_lines import KeyPath


@dataclass(frozen=True, slots=True, kw_only=True)
class PoetryLocked:
    """A package. `markers` are by group (None where nothing limits it), `needs` by name what it requires under which
    markers; `kind` and `place` say where it is from, where that is not the default index."""

    name: str
    version: str
    optional: bool
    markers: Mapping[str, str | None]
    needs: tuple[tuple[str, str | None], ...]
    files: tuple[PinnedFile, ...]
    kind: str | None
    place: str
    revision: str | None
    subdirectory: str | None
    develop: bool
    at: KeyPath


def poetry_package(table: Table, files: Mapping[str, Any]) -> PoetryLocked:
    """One `[[package]]`; `files` are those that older releases wrote at the end. What is wrong is noted."""
    source = table.table("source")
    name = table.needed("name")
    own = tuple(_files(table.tables("files")))
    return PoetryLocked(
        name=canonicalize_name(name),
        version=table.needed("version"),
        optional=table.flag("optional"),
        markers=_markers(table),
        needs=tuple(_needs(table.table("dependencies"))),
        files=own or tuple(_older_files(files.get(name))),
        kind=source.text("type"),
        place=source.text("url") or "",
        revision=source.text("resolved_reference"),
        subdirectory=source.text("subdirectory"),
        develop=table.flag("develop"),
        at=table.path,
    )


def _markers(table: Table) -> dict[str, str | None]:
    """By the groups that a package is in; older releases knew two, or left it to pyproject.toml."""
    said = [item.value for item in table.texts("groups") or ()] or [table.text("category") or MAIN]
    groups = [canonicalize_name(group) for group in said]
    if table.is_table("markers"):
        inner = table.table("markers")
        named = {canonicalize_name(name): inner.text(name, checked_marker) for name in inner.names()}
        return {group: named.get(group) for group in groups}
    return dict.fromkeys(groups, table.text("markers", checked_marker))


def _needs(table: Table) -> Iterator[tuple[str, str | None]]:
    for name in table.names():
        said = table.raw[name]
        for each in said if isinstance(said, list) else [said]:
            marker = each.get("markers") if isinstance(each, dict) else None
            try:
                yield canonicalize_name(name), checked_marker(marker) if isinstance(marker, str) else None
            except ValueError as error:
                table.refuse(name, str(error))


def _files(tables: tuple[Table, ...]) -> Iterator[PinnedFile]:
    for table in tables:
        yield PinnedFile(name=table.needed("file"), sha256=sha256_of(table.text("hash") or ""))


def _older_files(files: Any) -> Iterator[PinnedFile]:
    for each in files if isinstance(files, list) else ():
        if isinstance(each, dict) and isinstance(each.get("file"), str):
            yield PinnedFile(name=each["file"], sha256=sha256_of(str(each.get("hash", ""))))


def limits_of(text: str | None) -> str | None:
    """What Poetry says of Pythons, in the words of PEP 440: `^3.9` is `>=3.9,<4`; None where these cannot say it."""
    try:
        return specifiers(text or "") or None
    except ValueError:
        return None
