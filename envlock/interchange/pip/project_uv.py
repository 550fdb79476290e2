"""`[tool.uv]` of a pyproject.toml: indexes, where packages come from, and limits."""

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from packaging.markers import InvalidMarker, Marker, UndefinedComparison
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.pip.beside import editable_project
from envlock.interchange.pip.project_draft import Draft
from envlock.interchange.pip.project_poetry import git_address
from envlock.interchange.pip.requirement_source import Folder, direct
from envlock.interchange.pip.requirement_words import LOGIN, without_logins
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.requirements import applies
from envlock.model.toml_lines import KeyPath

_TOP = ("tool", "uv")
_MEMBER = "it is a project of the workspace: add its folder to `[pip] editable`"
_ONE_INDEX = "a package comes from one index, on every platform"
_UNUSED = "uv asks it for nothing but what names it, and nothing does"
_CONDITIONS = {"extra", "group", "lfs"}
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")
# of the project itself, and of how uv goes about its work: nothing of the environment
_OWN = {
    *("package", "managed", "build-backend", "cache-keys", "cache-dir", "required-version", "link-mode"),
    *("native-tls", "system-certs", "preview", "offline", "concurrent-downloads", "concurrent-builds"),
    *("index", "index-url", "extra-index-url", "sources", "constraint-dependencies", "exclude-newer"),
    *("dev-dependencies", "concurrent-installs"),
}
_WHY = {
    "override-dependencies": "env.toml takes what packages require as they say it: ask them to loosen it",
    "exclude-dependencies": "env.toml takes what packages require as they say it",
    "dependency-groups": "groups have the Python of all",
    "default-groups": "no group is installed unless `--group` asks for it",
    "workspace": "each project of a workspace has its own file: `[pip] editable` has several of them",
    "environments": "`platforms` says what it is locked for",
    "required-environments": "`platforms` says what it is locked for",
    "conflicts": "all groups are locked together: keep what cannot be together in environments of their own",
    "find-links": "env.toml has no such places: name a wheel by `NAME @ ./FILE.whl`, or serve the folder as an index",
    "prerelease": "ask for a pre-release by its version, such as `x>=2.0a1`",
}


class _Index(NamedTuple):
    """Its address, and whether nothing comes from it but what names it."""

    url: str
    explicit: bool
    path: KeyPath


def read_uv(draft: Draft) -> None:
    """Before dependencies are read: it says where these come from."""
    uv = draft.table(*_TOP)
    named = _indexes(draft, uv)
    for name, wanted in draft.table(*_TOP, "sources").items():
        tables = [table for table in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(table, dict)]
        _source(draft, canonicalize_name(name), tables, named)
    for index in named.values():
        if index.explicit and index not in draft.used:
            draft.remark(index.path, index.url, _UNUSED)
    for path, text in draft.texts((*_TOP, "constraint-dependencies"), uv.get("constraint-dependencies")):
        draft.limit(text, path)
    limit = uv.get("exclude-newer")
    draft.exclude_newer = _cutoff(limit) if isinstance(limit, str) and _TIME.fullmatch(limit) else None
    if limit is not None and draft.exclude_newer is None:
        draft.remark(
            (*_TOP, "exclude-newer"), f"exclude-newer: {limit}", "`[lock] exclude-newer` takes a UTC time or a span"
        )
    for key in sorted({*uv} - _OWN):
        draft.remark((*_TOP, key), f"tool.uv.{key}", _WHY.get(key, "env.toml has no place for it"))


def _cutoff(text: str) -> str | None:
    """Of a day, its end: uv takes what was uploaded on that day too. None of a time that there is not."""
    try:
        if "T" in text:
            return text if datetime.fromisoformat(text) else None
        return f"{date.fromisoformat(text) + timedelta(days=1)}T00:00:00Z"
    except (ValueError, OverflowError):
        return None


def _indexes(draft: Draft, uv: dict[str, Any]) -> dict[str, _Index]:
    """By uv's name."""
    found: dict[str, _Index] = {}
    if "index-url" in uv:
        draft.index(uv["index-url"], (*_TOP, "index-url"), default=True)
    for path, url in draft.texts((*_TOP, "extra-index-url"), uv.get("extra-index-url")):
        draft.index(url, path)
    tables = uv.get("index")
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        at: KeyPath = (*_TOP, "index", number)
        if not isinstance(table, dict):
            draft.remark(at, str(table), "expected a table")
            continue
        own, address = str(table.get("name", "")), table.get("url")
        # one that is explicit is one of env.toml only where something is from it
        explicit = table.get("explicit") is True
        clean = address if explicit else draft.index(address, at, name=own, default=table.get("default") is True)
        if isinstance(clean, str):
            found[own] = _Index(clean, explicit, at)
    return found


def _source(draft: Draft, name: str, tables: list[dict[str, Any]], named: dict[str, _Index]) -> None:
    path: KeyPath = (*_TOP, "sources", name)
    for table in tables:
        for key in sorted({*table} & _CONDITIONS):
            draft.remark(path, f"{name}: {key} = {table[key]}", "env.toml has no place for it")
    _from_index(draft, name, [table for table in tables if "index" in table], named)
    direct_ones = []
    for table in (table for table in tables if "index" not in table):
        if table.get("workspace"):
            draft.remark(path, f"{name}: workspace", _MEMBER)
        elif table.get("editable") and "path" in table:
            _edited(draft, name, str(table["path"]), path)
        else:
            direct_ones.append(table)
    if direct_ones:
        draft.moved[name] = lambda requirement: _moved(draft, requirement, direct_ones)


def _from_index(draft: Draft, name: str, tables: list[dict[str, Any]], named: dict[str, _Index]) -> None:
    """The index that a package comes from: where markers choose, the first one on the platforms that are wanted."""
    path: KeyPath = (*_TOP, "sources", name)
    indexes = [str(table["index"]) for table in tables if _is_here(draft, table, path)]
    for number, index in enumerate(dict.fromkeys(indexes)):
        if number:
            draft.remark(path, f"{name}: index {index}", _ONE_INDEX)
        else:
            _bound(draft, name, index, named, path)


def _is_here(draft: Draft, table: dict[str, Any], path: KeyPath) -> bool:
    """Does the marker of a source hold on a platform that is wanted?"""
    try:
        marker = Marker(str(table["marker"])) if "marker" in table else None
        wanted = draft.source.platforms or (DEFAULT_PLATFORM,)
        return any(applies(marker, PLATFORMS[name].markers("3")) for name in wanted if name in PLATFORMS)
    except (InvalidMarker, UndefinedComparison, RecursionError):
        draft.remark(path, f"marker = {table['marker']}", "it is no marker")
        return False


def _bound(draft: Draft, name: str, index: str, named: dict[str, _Index], path: KeyPath) -> None:
    found = named.get(index)
    if not found:
        draft.remark(path, f"{name}: index {index}", "no index has this name")
    elif not found.explicit:
        draft.remark(path, f"{name}: index {index}", "its index has other packages too: `packages` of it binds them")
    elif clean := draft.index(found.url, found.path, name=index):
        draft.used.add(found)
        draft.indexes.bind(clean, name)


def _edited(draft: Draft, name: str, text: str, path: KeyPath) -> None:
    """A project that is installed editable: its requirement is met by that."""
    try:
        project = editable_project(draft.source, text)
    except ValueError as error:
        draft.remark(path, f"{name}: {text}", str(error))
        return
    draft.editable[project.path] = project
    draft.moved[name] = lambda _: iter(())


def _moved(draft: Draft, requirement: Requirement, tables: list[dict[str, Any]]) -> Iterator[str]:
    """A requirement with the source that is said of its package; ValueError where that has no form."""
    for table in tables:
        extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
        markers = [str(each) for each in (requirement.marker, table.get("marker")) if each]
        marker = str(Marker(" and ".join(f"({each})" for each in markers))) if markers else ""
        text = f"{requirement.name}{extras} @ {_address(table)}" + (f" ; {marker}" if marker else "")
        text, login = without_logins(text)
        if login:
            draft.remark((*_TOP, "sources", requirement.name), text, LOGIN)
        yield direct(text, Folder(draft.source, draft.source.path.parent))[0]


def _address(table: dict[str, Any]) -> str:
    if "git" in table:
        revision = next((str(table[key]) for key in ("rev", "tag", "branch") if key in table), "")
        return git_address(str(table["git"]), revision, str(table.get("subdirectory", "")))
    if "path" in table:
        path = str(table["path"])
        return path if path.startswith(("./", "../", "/")) else f"./{path}"
    if "url" in table and "subdirectory" not in table:
        return str(table["url"])
    raise ValueError("its source in [tool.uv.sources] has no form in env.toml")
