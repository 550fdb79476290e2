"""`[tool.uv]` of a pyproject.toml: indexes, where packages come from, and limits."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.beside import editable_project
from envlock.interchange.project_draft import LOGIN, Draft
from envlock.interchange.project_poetry import git_address
from envlock.interchange.requirement_source import Folder, direct
from envlock.interchange.requirement_words import without_logins
from envlock.model.toml_lines import KeyPath

_TOP = ("tool", "uv")
_MEMBER = "it is a project of the workspace: add its folder to `[pip] editable`"
_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?")
# of the project itself, and of how uv goes about its work: nothing of the environment
_OWN = {
    *("package", "managed", "build-backend", "cache-keys", "cache-dir", "required-version", "link-mode"),
    *("native-tls", "system-certs", "preview", "offline", "concurrent-downloads", "concurrent-builds"),
    *("index", "index-url", "extra-index-url", "sources", "constraint-dependencies", "exclude-newer"),
    *("dev-dependencies", "dependency-groups", "concurrent-installs"),
}
_WHY = {
    "override-dependencies": "env.toml takes what packages require as they say it: ask them to loosen it",
    "exclude-dependencies": "env.toml takes what packages require as they say it",
    "default-groups": "no group is installed unless `--group` asks for it",
    "workspace": "each project of a workspace has its own file: `[pip] editable` has several of them",
    "environments": "`platforms` says what it is locked for",
    "required-environments": "`platforms` says what it is locked for",
    "conflicts": "all groups are locked together: keep what cannot be together in environments of their own",
    "find-links": "env.toml has no such places: name a wheel by `NAME @ ./FILE.whl`, or serve the folder as an index",
    "prerelease": "ask for a pre-release by its version, such as `x>=2.0a1`",
}


def read_uv(draft: Draft) -> None:
    """Before dependencies are read: it says where these come from."""
    uv = draft.table(*_TOP)
    named = _indexes(draft, uv)
    for name, wanted in draft.table(*_TOP, "sources").items():
        tables = [table for table in (wanted if isinstance(wanted, list) else [wanted]) if isinstance(table, dict)]
        _source(draft, canonicalize_name(name), tables, named)
    for path, text in draft.texts((*_TOP, "constraint-dependencies"), uv.get("constraint-dependencies")):
        draft.limit(text, path)
    limit = uv.get("exclude-newer")
    if isinstance(limit, str) and _TIME.fullmatch(limit):
        draft.exclude_newer = limit if "T" in limit else _end_of(limit)
    elif limit is not None:
        draft.remark(
            (*_TOP, "exclude-newer"), f"exclude-newer: {limit}", "`[lock] exclude-newer` takes a UTC time or a span"
        )
    for key in sorted({*uv} - _OWN):
        draft.remark((*_TOP, key), f"tool.uv.{key}", _WHY.get(key, "env.toml has no place for it"))


def _end_of(day: str) -> str:
    """uv takes what was uploaded on that day too."""
    try:
        return f"{date.fromisoformat(day) + timedelta(days=1)}T00:00:00Z"
    except (ValueError, OverflowError):
        return day


def _indexes(draft: Draft, uv: dict[str, Any]) -> dict[str, tuple[str, bool]]:
    """By uv's name, the address of an index and whether nothing comes from it but what names it."""
    found = {}
    if "index-url" in uv:
        draft.index(uv["index-url"], (*_TOP, "index-url"), default=True)
    for path, url in draft.texts((*_TOP, "extra-index-url"), uv.get("extra-index-url")):
        draft.index(url, path)
    tables = uv.get("index")
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        path, name = (*_TOP, "index", number), str(table.get("name", ""))
        # one that is explicit is one of env.toml only where something is from it
        explicit = table.get("explicit") is True
        url = table.get("url")
        own = name if re.fullmatch("[a-z0-9]+(?:[._-][a-z0-9]+)*", name) else None
        clean = url if explicit else draft.index(url, path, name=own, default=table.get("default") is True)
        if isinstance(clean, str):
            found[name] = (clean, explicit)
    return found


def _source(draft: Draft, name: str, tables: list[dict[str, Any]], named: dict[str, tuple[str, bool]]) -> None:
    direct_ones = []
    for table in tables:
        path: KeyPath = (*_TOP, "sources", name)
        if "index" in table:
            _bound(draft, name, str(table["index"]), named, path)
        elif table.get("workspace"):
            draft.remark(
                path, f"{name}: workspace", "it is a project of the workspace: add its folder to `[pip] editable`"
            )
        elif table.get("editable") and "path" in table:
            _edited(draft, name, str(table["path"]), path)
        else:
            direct_ones.append(table)
    if direct_ones:
        draft.moved[name] = lambda requirement: _moved(draft, requirement, direct_ones)


def _bound(draft: Draft, name: str, index: str, named: dict[str, tuple[str, bool]], path: KeyPath) -> None:
    url, explicit = named.get(index, ("", False))
    if not url:
        draft.remark(path, f"{name}: index {index}", "no index has this name")
    elif not explicit:
        draft.remark(path, f"{name}: index {index}", "its index has other packages too: `packages` of it binds them")
    elif clean := draft.index(url, path, name=canonicalize_name(index)):
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
