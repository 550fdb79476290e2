"""pyproject.toml, as `import` takes it: what a project requires, its extras and dependency groups as groups."""

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from envlock.interchange.pip.index_names import NamedIndexes
from envlock.interchange.pip.pins import opened
from envlock.interchange.pip.project_draft import Draft
from envlock.interchange.pip.project_file import PROJECT_FILE
from envlock.interchange.pip.project_pixi import read_pixi
from envlock.interchange.pip.project_poetry import read_poetry
from envlock.interchange.pip.project_uv import read_uv
from envlock.interchange.pip.pythons import python_key
from envlock.interchange.source import Source
from envlock.model.imported import Imported
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS
from envlock.model.spec import DEFAULT_CHANNEL, MAIN, CondaSpec, EnvSpec, LockSpec, PipSpec, Wants
from envlock.model.toml_lines import KeyPath

_PROJECT = ("project",)
_EXTRAS = (*_PROJECT, "optional-dependencies")
_GROUPS = ("dependency-groups",)
_DYNAMIC = "it is found out by running code of the project: write here what it asks for"
_MOST = 500
_DEEPEST = 100
_RANGE = "env.toml names one Python or none: the base's is taken; `python` says another"
_SELF = 'the project itself is not installed: `[pip] editable = ["."]` has `install` and `run` do that'
_NAMED = {
    ("tool", "hatch", "envs"): "environments of hatch are not read: add what each needs by `envlock add --group`",
    ("tool", "conda-lock"): "its conda dependencies are not read: import the conda-lock.yml that it makes",
    ("tool", "setuptools", "dynamic"): _DYNAMIC,
    ("tool", "flit", "metadata"): "flit's older table is not read: write [project]",
    ("tool", "rye"): "rye's table is not read: `dev-dependencies` belong into [dependency-groups]",
}


def is_one(path: Path, _text: str) -> bool:
    return path.name == PROJECT_FILE


def read(source: Source) -> Imported:
    """UserInputError where it is no TOML; ValueError where a group that was asked for is not there."""
    draft = Draft(document=opened(source), source=source)
    draft.indexes = NamedIndexes(source.default_index)
    read_uv(draft)
    _project(draft)
    python = _text(draft, (*_PROJECT, "requires-python"))
    if "poetry" in draft.table("tool"):
        poetry = read_poetry(draft)
        python = python or poetry
    read_pixi(draft)
    _pdm(draft)
    _say_unread(draft)
    _refuse_unknown_groups(draft)
    return Imported(spec=_spec(draft, _python(draft, python)), remarks=tuple(draft.remarks))


def _project(draft: Draft) -> None:
    project = draft.table(*_PROJECT)
    for path, text in draft.texts((*_PROJECT, "dependencies"), project.get("dependencies")):
        _need(draft, text, path, MAIN)
    _extras(draft)
    _groups(draft)
    for path, text in draft.texts((*_PROJECT, "dynamic"), project.get("dynamic")):
        if text in ("dependencies", "optional-dependencies"):
            draft.remark(path, f"dynamic: {text}", _DYNAMIC)
    if project.get("name"):
        draft.remark(_PROJECT, f"project {project['name']}", _SELF)


def _extras(draft: Draft) -> None:
    for extra, wanted in draft.table(*_EXTRAS).items():
        group = draft.group(extra, (*_EXTRAS, extra))
        for path, text in draft.texts((*_EXTRAS, extra), wanted) if group else ():
            _need(draft, text, path, group or MAIN)


def _groups(draft: Draft) -> None:
    extras = {*map(canonicalize_name, draft.table(*_EXTRAS))}
    groups: dict[str, str] = {canonicalize_name(name): name for name in draft.table(*_GROUPS)}
    for name in draft.table(*_GROUPS):
        group = draft.group(name, (*_GROUPS, name))
        if group and canonicalize_name(name) in extras:
            draft.remark((*_GROUPS, name), name, "an extra has the same name: one group holds what both ask for")
        for path, text in _Including(draft, groups).items(name) if group else ():
            _need(draft, text, path, group or MAIN)


def _need(draft: Draft, text: str, path: KeyPath, group: str) -> None:
    """A requirement; one of the project itself is what its extras ask for, each under the markers on the way to it."""
    extras = {canonicalize_name(name): name for name in draft.table(*_EXTRAS)}
    waiting = deque([(path, text, frozenset[str]())])
    followed: set[tuple[str, frozenset[str]]] = set()
    while waiting and len(followed) <= _MOST:
        path, text, markers = waiting.popleft()
        own = _of_itself(draft, text)
        if own is None:
            draft.need(_under(text, markers), path, group)
            continue
        markers |= {str(own.marker)} if own.marker else set()
        for extra in sorted(map(canonicalize_name, own.extras)):
            if extra not in extras:
                draft.remark(path, text, f"the project has no extra `{extra}`")
            elif not any(extra == known and before <= markers for known, before in followed):
                followed.add((extra, markers))
                at = (*_EXTRAS, extras[extra])
                waiting += [(*need, markers) for need in draft.texts(at, draft.table(*_EXTRAS)[extras[extra]])]
    if waiting:
        draft.remark(path, text, "the extras name one another too many times")


def _of_itself(draft: Draft, text: str) -> Requirement | None:
    """A requirement of the project itself; None of another."""
    own = draft.table(*_PROJECT).get("name")
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return None
    return (
        requirement if isinstance(own, str) and canonicalize_name(requirement.name) == canonicalize_name(own) else None
    )


def _under(text: str, markers: AbstractSet[str]) -> str:
    """A requirement under more conditions; what is none stays as it is."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement:
        return text
    own = [str(requirement.marker)] if requirement.marker else []
    found = [*own, *sorted(markers - {*own})]
    requirement.marker = Marker(" and ".join(f"({each})" for each in found)) if found else None
    return str(requirement) if markers else text


class _Including:
    """What a dependency group asks for, with the groups that it includes (PEP 735), each of them once."""

    def __init__(self, draft: Draft, groups: Mapping[str, str]) -> None:
        self._draft, self._groups = draft, groups
        self._seen: set[str] = set()

    def items(self, name: str, within: tuple[str, ...] = ()) -> Iterator[tuple[KeyPath, str]]:
        """Requirements, and where they stand; what is none is remarked."""
        canonical = canonicalize_name(name)
        self._seen.add(canonical)
        key = self._groups[canonical]
        items = self._draft.table(*_GROUPS)[key]
        if not isinstance(items, list):
            self._draft.remark((*_GROUPS, key), key, "expected an array of requirements")
            return
        for number, item in enumerate(items):
            path: KeyPath = (*_GROUPS, key, number)
            if isinstance(item, str):
                yield path, item
            else:
                yield from self._included(item, path, (*within, canonical))

    def _included(self, item: object, path: KeyPath, within: tuple[str, ...]) -> Iterator[tuple[KeyPath, str]]:
        name = item.get("include-group") if isinstance(item, dict) and {*item} == {"include-group"} else None
        if not isinstance(name, str):
            self._draft.remark(path, str(item), 'expected a requirement, or `{include-group = "NAME"}`')
        elif canonicalize_name(name) not in self._groups:
            self._draft.remark(path, f"include-group: {name}", "there is no such group")
        elif canonicalize_name(name) in within:
            self._draft.remark(path, f"include-group: {name}", "the groups include one another")
        elif len(within) >= _DEEPEST:
            self._draft.remark(path, f"include-group: {name}", f"more than {_DEEPEST} groups include one another")
        elif canonicalize_name(name) not in self._seen:
            yield from self.items(name, within)


def _pdm(draft: Draft) -> None:
    for name, wanted in draft.table("tool", "pdm", "dev-dependencies").items():
        table = ("tool", "pdm", "dev-dependencies", name)
        group = draft.group(name, table)
        for path, text in draft.texts(table, wanted) if group else ():
            if text.startswith("-e "):
                draft.remark(path, text, "it is installed as it is when it is locked, and not editable")
            draft.need(text.removeprefix("-e ").replace("file:///${PROJECT_ROOT}/", "./"), path, group or MAIN)
    uv = draft.table("tool", "uv")
    for path, text in draft.texts(("tool", "uv", "dev-dependencies"), uv.get("dev-dependencies")):
        group = draft.group("dev", path)
        if group:
            draft.need(text, path, group)


def _say_unread(draft: Draft) -> None:
    for path, why in _NAMED.items():
        if draft.table(*path):
            draft.remark(path, ".".join(path), why)


def _refuse_unknown_groups(draft: Draft) -> None:
    known = {canonicalize_name(name) for name in draft.wants}
    for name in draft.source.groups:
        if canonicalize_name(name) not in known:
            raise ValueError(f"there is no extra or dependency group `{name}`")


def _text(draft: Draft, path: tuple[str, ...]) -> str | None:
    value = draft.table(*path[:-1]).get(path[-1])
    return value if isinstance(value, str) else None


def _python(draft: Draft, limits: str | None) -> str | None:
    """The key `python`, where one minor version is all that it may be."""
    path: KeyPath = (
        (*_PROJECT, "requires-python") if _text(draft, (*_PROJECT, "requires-python")) else ("tool", "poetry")
    )
    try:
        key = python_key(limits)
        SpecifierSet(limits or "")
    except InvalidSpecifier:
        draft.remark(path, f"requires-python: {limits}", "these are no version specifiers")
        return None
    if limits and not key:
        draft.remark(path, f"requires-python: {limits}", _RANGE)
    return key


def _spec(draft: Draft, python: str | None) -> EnvSpec:
    project: dict[str, Any] = draft.table(*_PROJECT)
    name = project.get("name") or draft.table("tool", "poetry").get("name")
    conda = {place: tuple(sorted(set(texts))) for place, texts in draft.conda.items()}
    pip = {group: _united(texts) for group, texts in draft.wants.items()}
    names = sorted((pip.keys() | {group for group, _ in conda}) - {MAIN})
    by_platform = {platform for _, platform in conda if platform} | {*draft.pip}
    main, python = _without_python(conda.get((MAIN, ""), ()), python)
    platforms = draft.source.platforms or tuple(sorted(set(draft.platforms))) or (DEFAULT_PLATFORM,)
    _refuse_platforms(platforms)
    return EnvSpec(
        name=str(canonicalize_name(name)) if isinstance(name, str) else "",
        python=python,
        platforms=tuple(sorted(platforms)),
        conda=CondaSpec(channels=tuple(draft.channels) or (DEFAULT_CHANNEL,), dependencies=main),
        pip=PipSpec(
            dependencies=pip[MAIN],
            constraints=_united(draft.constraints),
            editable=tuple(draft.editable[path] for path in sorted(draft.editable)),
            indexes=draft.indexes.all,
        ),
        groups=tuple((group, Wants(conda=conda.get((group, ""), ()), pip=pip.get(group, ()))) for group in names),
        platform_wants=tuple(
            (name, Wants(conda=conda.get((MAIN, name), ()), pip=_united(draft.pip.get(name, ()))))
            for name in sorted(by_platform)
            if name in platforms
        ),
        lock=LockSpec(exclude_newer=draft.exclude_newer),
    )


def _without_python(specs: tuple[str, ...], python: str | None) -> tuple[tuple[str, ...], str | None]:
    """`python 3.11.*` is what the key `python` says."""
    for spec in specs:
        found = re.fullmatch(r"python (?:==?)?(3\.(?:[89]|\d\d)(?:\.\d+)?)(?:\.\*)?", spec)
        if found:
            return tuple(each for each in specs if each != spec), found[1]
    return specs, python


def _refuse_platforms(names: Iterable[str]) -> None:
    for name in names:
        if name not in PLATFORMS:
            raise ValueError(f"`{name}` is no platform that is known: {', '.join(f'`{each}`' for each in PLATFORMS)}")


def _united(texts: Iterable[str]) -> tuple[str, ...]:
    """Of requirements that stand there more than once with one marker, one that says all of it."""
    found: dict[tuple[str, str], Requirement] = {}
    for text in texts:
        requirement = Requirement(text)
        before = found.setdefault((requirement.name, str(requirement.marker)), requirement)
        if before is not requirement:
            before.extras |= requirement.extras
            before.specifier &= requirement.specifier
            before.url = before.url or requirement.url
        if before.url:
            before.specifier = SpecifierSet()
    return tuple(sorted(map(str, found.values())))
