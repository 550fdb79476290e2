"""`[inputs]` and `[image]` of env.lock."""

from collections.abc import Callable
from typing import TypeVar

from envlock.lockfile.debian import read_debian_inputs
from envlock.lockfile.values import filled, local_path, requirement, sha256, sorted_set
from envlock.model.fields import Item, Table, matching
from envlock.model.image_values import absolute_path, user, variable_name
from envlock.model.lock import ImageSettings, Inputs
from envlock.model.platform import System
from envlock.model.spec import EditableProject, Index, Wants
from envlock.model.system_values import SYSTEM_KEYS, platform_name, system_value

T = TypeVar("T")
_cutoff = matching(
    r"[1-9][0-9]{0,3}[dhw]|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
    "a UTC time such as `2026-01-31T12:00:00Z`, or a span such as `7d`",
)


def read_inputs(table: Table) -> Inputs:
    """What the solve was asked; what is wrong is noted in the document."""
    conda, pip = table.table("conda"), table.table("pip")
    platforms = sorted_set(table.texts("platforms", platform_name, filled=True))
    if "platforms" not in table:
        table.refuse("platforms", "missing")
    debian = table.table("debian")
    other = next((key for key in ("debian", "dockerfile") if key in table), None)
    _refuse_beside(other, table)
    return Inputs(
        python=table.text("python", filled),
        platforms=platforms,
        systems=_systems(table.table("platform"), platforms),
        channels=_channels(conda),
        channel_priority=conda.text("channel-priority", filled) or "strict",
        conda=sorted_set(conda.texts("dependencies", filled)),
        pip=sorted_set(pip.texts("dependencies", requirement)),
        indexes=_once(pip.tables("indexes"), "name", _index),
        base=table.text("base", filled) if other else table.needed("base", filled),
        interpreter=table.text("interpreter", absolute_path),
        dockerfile=table.text("dockerfile", filled),
        debian=read_debian_inputs(debian) if table.is_table("debian") else None,
        editable=tuple(sorted(_once(pip.tables("editable"), "path", _editable), key=lambda project: project.path)),
        platform_wants=_platform_wants(table.table("platform"), platforms),
        groups=_wants_by_name(table.table("groups")),
        exclude_newer=table.text("exclude-newer", _cutoff),
        constraints=sorted_set(pip.texts("constraints", requirement)),
    )


_NOT_BESIDE = {"debian": ("base", "dockerfile", "interpreter"), "dockerfile": ("base",)}


def _refuse_beside(other: str | None, table: Table) -> None:
    """What two branches that merge can leave behind."""
    for key in _NOT_BESIDE.get(other or "", ()):
        if key in table:
            table.refuse(key, f"not together with `inputs.{other}`")


def read_image(table: Table) -> ImageSettings:
    """What the image is told; what is wrong is noted in the document."""
    copied = read_copied(table)
    if copied and "workdir" not in table:
        table.refuse("copy", "not without `workdir`, which it is copied into")
    return ImageSettings(
        variables=table.table("variables").entries(variable_name),
        user=table.text("user", user),
        workdir=table.text("workdir", absolute_path),
        entrypoint=_in_order(table.texts("entrypoint", prose=True)),
        cmd=_in_order(table.texts("cmd", prose=True)),
        labels=table.table("labels").entries(prose=True),
        copy=tuple(path for path, _ in copied),
        bytecode=table.flag("bytecode"),
    )


def read_copied(table: Table) -> tuple[tuple[str, str], ...]:
    """The sha256 of what is copied into the image, by its path, sorted."""
    copied = table.table("copy")
    found = ((path, copied.text(path, sha256)) for path in copied.names(local_path))
    return tuple(sorted((path, sha256) for path, sha256 in found if sha256))


def _systems(table: Table, platforms: tuple[str, ...]) -> tuple[tuple[str, System], ...]:
    for name in platforms:
        if name not in table:
            table.refuse(name, "missing, though `inputs.platforms` names it")
    return tuple(sorted((name, _system(table.table(name))) for name in table.names(platform_name)))


def _system(table: Table) -> System:
    return System(**{key.replace("-", "_"): table.text(key, system_value(key)) for key in SYSTEM_KEYS})


def _wants_by_name(table: Table) -> tuple[tuple[str, Wants], ...]:
    """Requirements by platform or group, sorted."""
    return tuple((name, _wants(table.table(name))) for name in sorted(table.names(filled)))


def _platform_wants(table: Table, platforms: tuple[str, ...]) -> tuple[tuple[str, Wants], ...]:
    found = ((name, _wants(table.table(name))) for name in platforms)
    return tuple((name, wants) for name, wants in found if wants)


def _wants(table: Table) -> Wants:
    return Wants(
        conda=sorted_set(table.texts("conda", filled)),
        pip=sorted_set(table.texts("pip", requirement)),
    )


def _channels(table: Table) -> tuple[str, ...]:
    items = table.texts("channels", filled) or ()
    table.document.refuse_twice(items)
    return tuple(item.value for item in items)


def _once(tables: tuple[Table, ...], key: str, read: Callable[[Table], T]) -> tuple[T, ...]:
    """What is told by a key, which no two of them share; text merges can double tables."""
    found = tuple(map(read, tables))
    for table in tables[:1]:
        table.document.refuse_twice(Item(t.at(key), t.text(key) or "") for t in tables if t.is_text(key))
    return found


def _index(table: Table) -> Index:
    return Index(
        name=table.needed("name", filled),
        url=table.text("url", filled),
        default=table.flag("default"),
        packages=sorted_set(table.texts("packages", filled)),
    )


def _editable(table: Table) -> EditableProject:
    return EditableProject(
        path=table.needed("path", filled),
        name=table.needed("name", filled),
        extras=sorted_set(table.texts("extras", filled)),
        dependencies=sorted_set(table.texts("dependencies", requirement)),
    )


def _in_order(items: tuple[Item, ...] | None) -> tuple[str, ...] | None:
    return None if items is None else tuple(item.value for item in items)
