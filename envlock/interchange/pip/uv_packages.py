"""The packages of a uv.lock as values: where each is from, its files, and what it needs when."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from envlock.interchange.pip.pins import pinned_file, sha256_of, utc_time
from envlock.interchange.pip.pythons import checked_marker, checked_specifiers
from envlock.model.fields import Table
from envlock.model.imported import PinnedFile
from envlock.model.toml_lines import KeyPath

_KINDS = ("registry", "git", "url", "path", "directory", "editable", "virtual")


class Origin(NamedTuple):
    """Where a package is from: one of `_KINDS`, and the address or path that stands beside it."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """A need for a package, with extras, under a marker; `version` and `origin` tell it from others of its name.

    `specifier` and what `asked` has (`rev`, `tag`, `branch` of git) is what a project's own words are, where they are.
    """

    name: str
    version: str | None = None
    origin: Origin | None = None
    extras: tuple[str, ...] = ()
    marker: str | None = None
    specifier: str = ""
    at: KeyPath = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class UvLocked:
    """A package. `markers` are those of the forks of the resolution in which it is the one of its name; `needs` are by
    "", an extra or (`group:NAME`) a dependency group; `wants` likewise, in the words of the project itself."""

    name: str
    version: str
    origin: Origin
    files: tuple[PinnedFile, ...] = ()
    subdirectory: str | None = None
    markers: tuple[str, ...] = ()
    needs: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    wants: tuple[Edge, ...] | None = None
    group_wants: Mapping[str, tuple[Edge, ...]] = field(default_factory=dict)
    at: KeyPath = ()


def group_key(name: str) -> str:
    """Under which a dependency group stands among the needs of a package."""
    return f"group:{canonicalize_name(name)}"


def uv_package(table: Table) -> UvLocked:
    """One `[[package]]`; what is wrong with it is noted in its document."""
    metadata = table.table("metadata")
    needs = {"": edges(table, "dependencies")}
    needs |= {canonicalize_name(name): found for name, found in _named(table, "optional-dependencies")}
    needs |= {group_key(name): found for name, found in _named(table, "dev-dependencies")}
    origin = _origin(table.table("source"))
    if origin is None:
        table.refuse("source", f"expected one of {', '.join(_KINDS)}")
    return UvLocked(
        name=canonicalize_name(table.needed("name")),
        version=(table.needed("version") if origin and origin.kind == "registry" else table.text("version")) or "",
        origin=origin or Origin("virtual", "."),
        files=tuple(_files(table)),
        subdirectory=table.table("source").text("subdirectory"),
        markers=tuple(item.value for item in table.texts("resolution-markers", checked_marker) or ()),
        needs=needs,
        wants=edges(metadata, "requires-dist") if "requires-dist" in metadata else None,
        group_wants={group_key(name): found for name, found in _named(metadata, "requires-dev")},
        at=table.path,
    )


def edges(table: Table, key: str) -> tuple[Edge, ...]:
    return tuple(_edge(each) for each in table.tables(key))


def _named(table: Table, key: str) -> Iterator[tuple[str, tuple[Edge, ...]]]:
    inner = table.table(key)
    yield from ((name, edges(inner, name)) for name in inner.names())


def _edge(table: Table) -> Edge:
    extras = (*(table.texts("extra") or ()), *(table.texts("extras") or ()))
    return Edge(
        name=canonicalize_name(table.needed("name")),
        version=table.text("version"),
        origin=_origin(table.table("source")) if "source" in table else _origin(table),
        extras=tuple(sorted({canonicalize_name(item.value) for item in extras})),
        marker=table.text("marker", checked_marker),
        specifier=table.text("specifier", checked_specifiers) or "",
        at=table.path,
    )


def _origin(table: Table) -> Origin | None:
    found = next((kind for kind in _KINDS if table.is_text(kind)), None)
    return Origin(found, table.text(found) or "") if found else None


def _files(table: Table) -> Iterator[PinnedFile]:
    yield from (_file(wheel) for wheel in table.tables("wheels"))
    if table.is_table("sdist"):
        yield _file(table.table("sdist"))


def _file(table: Table) -> PinnedFile:
    """A file; one that lies on this machine has no URL, and its path in place of its name."""
    url, path = table.text("url"), table.text("path")
    name = table.text("filename") or path or unquote(urlsplit(url or "").path.rpartition("/")[2])
    return pinned_file(
        name,
        url,
        sha256=sha256_of(table.text("hash") or ""),
        size=table.integer("size"),
        uploaded=utc_time(table.text("upload-time")),
    )
