"""`[tool.pixi]` of a pyproject.toml: plain conda dependencies of the workspace, its features and platforms."""

from collections.abc import Iterator
from typing import Any

from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.pip.poetry_versions import specifiers
from envlock.interchange.pip.project_draft import Draft
from envlock.model.platform import PLATFORMS
from envlock.model.spec import MAIN
from envlock.model.toml_lines import KeyPath

_TOP = ("tool", "pixi")
_READ = {"workspace", "project", "dependencies", "pypi-dependencies", "feature", "target", "host-dependencies"}
_OF_WORK = {"tasks", "name", "version", "authors", "description"}
_WHY = {
    "environments": "each group of features is a set of groups here: `install --group NAME` takes several",
    "activation": "env.toml has `[variables]` for variables, and no scripts",
    "system-requirements": "`[platform.NAME]` says what a machine has: `glibc`, `cuda`, `macos`",
    "pypi-options": "`[[pip.indexes]]` says which indexes there are",
}


def read_pixi(draft: Draft) -> None:
    """What has another form than a version is remarked."""
    workspace = {**draft.table(*_TOP, "project"), **draft.table(*_TOP, "workspace")}
    for _, channel in draft.texts((*_TOP, "workspace", "channels"), workspace.get("channels")):
        draft.channels += [channel] if channel not in draft.channels else []
    for path, platform in draft.texts((*_TOP, "workspace", "platforms"), workspace.get("platforms")):
        if platform in PLATFORMS:
            draft.platforms.append(platform)
        else:
            draft.remark(path, platform, "it is no platform that can be locked for")
    _tables(draft, _TOP, MAIN)
    for name in draft.table(*_TOP, "feature"):
        path = (*_TOP, "feature", name)
        group = draft.group(name, path)
        if group:
            _tables(draft, path, group)
    for key in sorted({*draft.table(*_TOP)} - _READ - _OF_WORK):
        draft.remark((*_TOP, key), f"tool.pixi.{key}", _WHY.get(key, "env.toml has no place for it"))
    if "tasks" in draft.table(*_TOP):
        draft.remark((*_TOP, "tasks"), "tool.pixi.tasks", "env.toml has no tasks")


def _tables(draft: Draft, top: tuple[str, ...], group: str) -> None:
    _conda(draft, (*top, "dependencies"), group, "")
    _conda(draft, (*top, "host-dependencies"), group, "")
    for path, text in _pypi(draft, (*top, "pypi-dependencies")):
        draft.need(text, path, group)
    for platform in draft.table(*top, "target"):
        inner = (*top, "target", platform)
        if group != MAIN or platform not in PLATFORMS:
            why = "a group asks for the same on every platform" if group != MAIN else "env.toml names each platform"
            draft.remark(inner, ".".join(inner), why)
            continue
        _conda(draft, (*inner, "dependencies"), group, platform)
        for _, text in _pypi(draft, (*inner, "pypi-dependencies")):
            draft.pip.setdefault(platform, []).append(text)


def _conda(draft: Draft, path: tuple[str, ...], group: str, platform: str) -> None:
    for name, wanted in draft.table(*path).items():
        try:
            text = normalized_spec(_match_spec(name, wanted))
        except ValueError as error:
            draft.remark((*path, name), f"{name} = {wanted}", str(error))
            continue
        draft.conda.setdefault((group, platform), []).append(text)


def _match_spec(name: str, wanted: Any) -> str:
    table = {"version": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(table, dict) or not {*table} <= {"version", "build", "channel"}:
        raise ValueError("expected a version, a build or a channel")
    version, build, channel = (str(table.get(key, "")) for key in ("version", "build", "channel"))
    head = f"{channel}::{name}" if channel else name
    return f"{head} {version or '*'} {build}".strip() if build else f"{head} {version}".replace(" *", "").strip()


def _pypi(draft: Draft, path: tuple[str, ...]) -> Iterator[tuple[KeyPath, str]]:
    for name, wanted in draft.table(*path).items():
        table = {"version": wanted} if isinstance(wanted, str) else wanted
        extras = table.get("extras", []) if isinstance(table, dict) else []
        if not isinstance(table, dict) or not {*table} <= {"version", "extras"} or not isinstance(extras, list):
            beside = isinstance(table, dict) and "path" in table
            why = "it is a project beside: add it to `[pip] editable`" if beside else "it has no plain version"
            draft.remark((*path, name), f"{name} = {wanted}", why)
            continue
        try:
            version = specifiers(str(table.get("version", "*")))
        except ValueError as error:
            draft.remark((*path, name), f"{name} = {wanted}", str(error))
            continue
        yield (*path, name), f"{name}{'[' + ','.join(map(str, extras)) + ']' if extras else ''}{version}"
