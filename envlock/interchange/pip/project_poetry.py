"""`[tool.poetry]` of a pyproject.toml: its dependencies, groups, extras and sources as requirements."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.pip.beside import editable_project
from envlock.interchange.pip.poetry_versions import platform_marker, python_marker, specifiers
from envlock.interchange.pip.project_draft import Draft
from envlock.model.spec import MAIN
from envlock.model.toml_lines import KeyPath

_TOP = ("tool", "poetry")
_KEYS = {"version", "extras", "markers", "python", "platform", "optional", "source", "git", "branch", "tag", "rev"} | {
    *("subdirectory", "path", "file", "url", "develop", "allow-prereleases")
}
_PYTHONS = "env.toml names one Python or none: the base's is taken; `python` says another"
_NOT_ASKED = "[project] does not ask for it: poetry then reads nothing here but where it is from"
_EXPLICIT = "poetry asks it for nothing but what names it, and nothing does"


class _Source(NamedTuple):
    """An index: its address, poetry's name of it, and whether nothing comes from it but what names it."""

    url: str
    name: str
    explicit: bool
    path: KeyPath


class _Place(NamedTuple):
    """The group that a dependency belongs to, and where it stands."""

    group: str
    path: KeyPath


Sources = Mapping[str, _Source]


def read_poetry(draft: Draft) -> str | None:
    """Everything that poetry would install; the Pythons that it is for come back, as specifiers."""
    poetry = draft.table(*_TOP)
    sources = _sources(draft, poetry)
    extras = _extras(draft, poetry)
    asked = _asked(draft)
    wants = draft.table(*_TOP, "dependencies")
    for name, wanted in ((name, wanted) for name, wanted in wants.items() if name != "python"):
        path: KeyPath = (*_TOP, "dependencies", name)
        if asked is not None:
            _enriched(draft, name, wanted, asked, sources)
        for group in _groups_of(draft, name, wanted, extras, path) if asked is None else ():
            _dependency(draft, name, wanted, _Place(group, path), sources)
    for name, table in _groups(draft):
        into = draft.group(name, table)
        for package, wanted in draft.table(*table).items() if into else ():
            _dependency(draft, package, wanted, _Place(into or MAIN, (*table, package)), sources)
    for source in (each for each in sources.values() if each.explicit and each not in draft.used):
        draft.remark(source.path, source.url, _EXPLICIT)
    return _python(draft, wants["python"], (*_TOP, "dependencies", "python")) if "python" in wants else None


def _asked(draft: Draft) -> dict[str, list[str]] | None:
    """By package, the groups for which [project] asks for it; None where poetry's own table is what asks."""
    project = draft.table("project")
    dynamic = project.get("dynamic")
    if not {"dependencies", "optional-dependencies"} & {*project} or (
        isinstance(dynamic, list) and "dependencies" in dynamic
    ):
        return None
    found: dict[str, list[str]] = {}
    for group, texts in draft.wants.items():
        for name in dict.fromkeys(Requirement(text).name for text in texts):
            found.setdefault(name, []).append(group)
    return found


def _enriched(draft: Draft, name: str, wanted: Any, asked: dict[str, list[str]], sources: Sources) -> None:
    """What [project] asks for, and poetry's table says more about: mostly where it is from."""
    path: KeyPath = (*_TOP, "dependencies", name)
    groups = asked.get(canonicalize_name(name), [])
    if not groups:
        draft.remark(path, name, _NOT_ASKED)
    for table in (wanted if isinstance(wanted, list) else [wanted]) if groups else ():
        if isinstance(table, dict) and {*table} & {"git", "path", "file", "url"}:
            for group in groups:
                _dependency(draft, name, table, _Place(group, path), sources)
            continue
        if isinstance(table, dict):
            _noted(draft, name, table, path, sources)
        version = table.get("version", "*") if isinstance(table, dict) else table
        if version != "*":
            draft.remark(path, f"{name} = {version}", "[project] says which versions")


def _groups(draft: Draft) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Groups, and the paths of the tables that each has: its own, and those of groups that it includes."""
    if draft.table(*_TOP, "dev-dependencies"):
        yield "dev", (*_TOP, "dev-dependencies")
    groups = {canonicalize_name(name): name for name in draft.table(*_TOP, "group")}
    for name in groups.values():
        waiting = [canonicalize_name(name)]
        for each in waiting:  # it grows while it is read
            top = (*_TOP, "group", groups[each])
            yield name, (*top, "dependencies")
            for path, inner in draft.texts((*top, "include-groups"), draft.table(*top).get("include-groups")):
                if canonicalize_name(inner) not in groups:
                    draft.remark(path, f"include-groups: {inner}", "there is no such group")
                elif canonicalize_name(inner) not in waiting:
                    waiting.append(canonicalize_name(inner))


def _python(draft: Draft, wanted: Any, path: KeyPath) -> str | None:
    try:
        return specifiers(wanted if isinstance(wanted, str) else str(wanted.get("version", "*")))
    except (ValueError, AttributeError) as error:
        why = _PYTHONS if "|" in str(wanted) else str(error)
        draft.remark(path, f"python = {wanted}", why)
        return None


def _extras(draft: Draft, poetry: dict[str, Any]) -> dict[str, list[str]]:
    """By package, the extras that it belongs to."""
    found: dict[str, list[str]] = {}
    extras = poetry.get("extras")
    known = {*map(canonicalize_name, draft.table(*_TOP, "dependencies"))}
    for extra, names in extras.items() if isinstance(extras, dict) else ():
        for path, name in draft.texts((*_TOP, "extras", extra), names):
            if canonicalize_name(name) not in known:
                draft.remark(path, f"{extra}: {name}", "there is no such dependency")
            found.setdefault(canonicalize_name(name), []).append(extra)
    return found


def _groups_of(draft: Draft, name: str, wanted: Any, extras: dict[str, list[str]], path: KeyPath) -> Iterator[str]:
    tables = wanted if isinstance(wanted, list) else [wanted]
    if not any(isinstance(table, dict) and table.get("optional") for table in tables):
        yield MAIN
        return
    asked = extras.get(canonicalize_name(name), [])
    if not asked:
        draft.remark(path, name, "it is optional, and no extra has it")
    yield from (group for extra in asked if (group := draft.group(extra, path)))


def _sources(draft: Draft, poetry: dict[str, Any]) -> Sources:
    """Indexes by poetry's name."""
    found: dict[str, _Source] = {}
    tables = poetry.get("source")
    for number, table in enumerate(tables if isinstance(tables, list) else ()):
        path = (*_TOP, "source", number)
        if not isinstance(table, dict):
            draft.remark(path, str(table), "expected a table")
            continue
        name, url = str(table.get("name", "")), table.get("url")
        if url is None:
            continue  # the usual one, by its name
        explicit = table.get("priority") == "explicit"
        default = table.get("priority") == "default" or table.get("default") is True
        clean = url if explicit and isinstance(url, str) else draft.index(url, path, name=name, default=default)
        if clean:
            found[name] = _Source(clean, name, explicit, path)
    return found


def _dependency(draft: Draft, name: str, wanted: Any, place: _Place, sources: Sources) -> None:
    group, path = place
    for each in wanted if isinstance(wanted, list) else [wanted]:
        table = {"version": each} if isinstance(each, str) else each
        if not isinstance(table, dict):
            draft.remark(path, name, "expected a version or a table")
            continue
        try:
            text = _requirement(draft, name, table, path, group)
        except ValueError as error:
            draft.remark(path, f"{name} = {_shown(table)}", str(error))
            continue
        if text:
            draft.need(text, path, group)
        _noted(draft, name, table, path, sources)


def _noted(draft: Draft, name: str, table: dict[str, Any], path: KeyPath, sources: Sources) -> None:
    """What a dependency says beside: its index, and what has no place."""
    source = sources.get(str(table.get("source")))
    if source:
        if not source.explicit:
            why = "its index has other packages too: `packages` of it binds them"
            draft.remark(path, f"{name}: source {source.name}", why)
        elif clean := draft.index(source.url, source.path, name=source.name):
            draft.used.add(source)
            draft.indexes.bind(clean, canonicalize_name(name))
    for key in sorted({*table} - _KEYS):
        draft.remark((*path, key), f"{name}: {key}", "env.toml has no place for it")
    if table.get("allow-prereleases"):
        draft.remark(path, f"{name}: allow-prereleases", "ask for the pre-release by its version, such as `x>=2.0a1`")


def _requirement(draft: Draft, name: str, table: dict[str, Any], path: KeyPath, group: str) -> str:
    """As PEP 508 has it; "" of a project that is installed editable."""
    names = tuple(
        sorted({str(canonicalize_name(text)) for _, text in draft.texts((*path, "extras"), table.get("extras"))})
    )
    extras = f"[{','.join(names)}]" if names else ""
    conditions = [_text(table, "markers"), python_marker(_text(table, "python") or "*")]
    conditions.append(platform_marker(_text(table, "platform")) if table.get("platform") else "")
    marker = " and ".join(f"({each})" for each in conditions if each)
    tail = f" ; {marker}" if marker else ""
    here = _text(table, "path") or _text(table, "file")
    if here and table.get("develop") and group == MAIN and not marker:
        project = editable_project(draft.source, here, names)
        draft.editable[project.path] = project
        return ""
    if here:
        if table.get("develop"):
            draft.remark(path, f"{name}: develop", "it is installed as it is when it is locked, and not editable")
        return f"{name}{extras} @ {here if here.startswith('.') else f'./{here}'}{tail}"
    if table.get("git"):
        revision = next((_text(table, key) for key in ("rev", "tag", "branch") if table.get(key)), "")
        return f"{name}{extras} @ {git_address(_text(table, 'git'), revision, _text(table, 'subdirectory'))}{tail}"
    if table.get("url"):
        return f"{name}{extras} @ {_text(table, 'url')}{tail}"
    return f"{name}{extras}{specifiers(_text(table, 'version') or '*')}{tail}"


def git_address(url: str, revision: str, folder: str) -> str:
    """`git+URL@REVISION#subdirectory=FOLDER`; `git@host:path` is one of ssh."""
    if "://" not in url and ":" in url:
        host, _, inner = url.partition(":")
        url = f"ssh://{host}/{inner}"
    url = url if url.startswith("git+") else f"git+{url}"
    return url + (f"@{revision}" if revision else "") + (f"#subdirectory={folder}" if folder else "")


def _text(table: dict[str, Any], key: str) -> str:
    value = table.get(key, "")
    if not isinstance(value, str):
        raise ValueError(f"expected a string as `{key}`")
    return value


def _shown(table: dict[str, Any]) -> str:
    return str(table["version"]) if {*table} == {"version"} else ", ".join(f"{k}: {v}" for k, v in table.items())
