"""Writes a new env.toml, comments and layout included: the one user of tomlkit.

Single dependencies of one that is there are changed by `dependency_edits`, which touch no other byte of it.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import tomlkit
from tomlkit.items import Array, Table

from envlock.manifest.schema import ADDRESS
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS, System
from envlock.model.spec import DebianSpec, EditableProject, EnvSpec, ImageSpec, Index, LockSpec, Wants
from envlock.model.system_values import SYSTEM_KEYS

_SYSTEM = {key: key.replace("-", "_") for key in SYSTEM_KEYS}
_ABOUT = "What this environment is made from. `envlock lock` answers it in env.lock: keep both in git."
_CONDA = 'match specs, such as "numpy >=1.26,<2"; where there are any, Python comes from conda too'
_CHANNELS = "names, URLs or paths such as ./channel, best first"
_PIP = 'requirements, such as "flask >=3,<4"; what conda provides is not installed twice'
_BASE = 'base = "{}"  # the image below the packages'
_DEBIAN = (
    "or a base of Debian's packages, in place of `base`:",
    "[image.debian]",
    'suite = "bookworm"',
    'packages = ["git", "libgomp1 (>= 12)"]',
)


def new_manifest(spec: EnvSpec, schema: str = ADDRESS) -> str:
    """The text of a new env.toml, with comments; `read_manifest` gives the same `EnvSpec` back. `schema` is where
    editors find what it may hold."""
    document = tomlkit.document()
    document.add(tomlkit.comment(_ABOUT))
    _fill(document, {"name": spec.name, "description": spec.description or None, "python": spec.python})
    if spec.platforms != (DEFAULT_PLATFORM,):
        document.add("platforms", _array(spec.platforms))
    document.add("conda", _conda(spec))
    document.add("pip", _pip(spec))
    _add_tables(document, "groups", {name: _wants(wants) for name, wants in spec.groups})
    _add_tables(document, "platform", _platforms(spec))
    if spec.variables:
        document.add("variables", _filled(dict(spec.variables)))
    _add_image(document, spec)
    if spec.lock != LockSpec():
        document.add("lock", _lock(spec.lock))
    return f"#:schema {schema}\n\n{tomlkit.dumps(document)}"


def plain_text(values: Mapping[str, Any]) -> str:
    """Raw values as TOML, without comments."""
    return tomlkit.dumps(values)


def _add_tables(document: tomlkit.TOMLDocument, name: str, tables: Mapping[str, Table]) -> None:
    """`[NAME.KEY]` for each of some tables, none where there are none."""
    if tables:
        around = tomlkit.table(is_super_table=True)
        for key, table in tables.items():
            around.add(key, table)
        document.add(name, around)


def _platforms(spec: EnvSpec) -> dict[str, Table]:
    systems, wants = dict(spec.systems), dict(spec.platform_wants)
    names = sorted({*systems, *wants})
    return {name: _wants(wants.get(name, Wants()), _system(name, systems.get(name))) for name in names}


def _wants(wants: Wants, table: Table | None = None) -> Table:
    """The tables `conda` and `pip` of a group or a platform, in `table`."""
    kinds = {"conda": wants.conda, "pip": wants.pip}
    found = {kind: dependencies for kind, dependencies in kinds.items() if dependencies}
    # without keys of its own it needs no heading
    table = table or tomlkit.table(is_super_table=bool(found))
    for kind, dependencies in found.items():
        inner = tomlkit.table()
        inner.add("dependencies", _array(dependencies))
        table.add(kind, inner)
    return table


def _lock(lock: LockSpec) -> Table:
    default = LockSpec()
    return _filled(
        {
            "exclude-newer": lock.exclude_newer,
            "pip-resolver": lock.pip_resolver if lock.pip_resolver != default.pip_resolver else None,
            "conda-solver": lock.conda_solver if lock.conda_solver != default.conda_solver else None,
        }
    )


def _conda(spec: EnvSpec) -> Table:
    table = tomlkit.table()
    table.add(tomlkit.comment(_CHANNELS))
    table.add("channels", _array(spec.conda.channels, multiline=False))
    if spec.conda.channel_priority != "strict":
        table.add("channel-priority", spec.conda.channel_priority)
    table.add(tomlkit.comment(_CONDA))
    table.add("dependencies", _array(spec.conda.dependencies))
    return table


def _pip(spec: EnvSpec) -> Table:
    table = tomlkit.table()
    table.add(tomlkit.comment(_PIP))
    table.add("dependencies", _array(spec.pip.dependencies))
    if spec.pip.constraints:
        table.add("constraints", _array(spec.pip.constraints))
    if spec.pip.editable:
        table.add("editable", _array(_editable(project) for project in spec.pip.editable))
    if spec.pip.indexes:
        indexes = tomlkit.aot()
        for index in spec.pip.indexes:
            indexes.append(_index(index))
        table.add("indexes", indexes)
    return table


def _index(index: Index) -> Table:
    fields = {
        "name": index.name,
        "url": index.url,
        "default": index.default or None,
        "packages": index.packages or None,
    }
    return _filled(fields)


def _editable(project: EditableProject) -> str:
    return f"{project.path}[{','.join(project.extras)}]" if project.extras else project.path


def _system(platform: str, system: System | None) -> Table | None:
    """What is declared of a system that is not the default."""
    if system is None:
        return None
    values = {key: (getattr(system, name), getattr(PLATFORMS[platform].system, name)) for key, name in _SYSTEM.items()}
    return _filled({key: value for key, (value, default) in values.items() if value != default})


def _add_image(document: tomlkit.TOMLDocument, spec: EnvSpec) -> None:
    if spec.image != ImageSpec():
        document.add("image", _image(spec.image))
        return
    document.add(tomlkit.nl())
    document.add(tomlkit.comment("[image]"))
    for line in (_BASE.format(spec.base), *_DEBIAN):
        document.add(tomlkit.comment(line))


def _image(image: ImageSpec) -> Table:
    fields = {
        "base": image.base,
        "dockerfile": image.dockerfile,
        "interpreter": image.interpreter,
        "repository": image.repository,
        "user": image.user,
        "workdir": image.workdir,
        "entrypoint": image.entrypoint,
        "cmd": image.cmd,
        "copy": image.copy or None,
        "bytecode": image.bytecode or None,
    }
    # without keys of its own it needs no heading
    table = tomlkit.table(is_super_table=bool(image.debian) and not any(value is not None for value in fields.values()))
    _fill(table, fields)
    if image.debian:
        table.add("debian", _debian(image.debian))
    if image.labels:
        table.add("labels", _filled(dict(image.labels)))
    return table


def _debian(debian: DebianSpec) -> Table:
    default = DebianSpec(suite=debian.suite)
    table = _filled({"suite": debian.suite})
    if debian.packages:
        table.add("packages", _array(debian.packages))
    others = {key: getattr(debian, key) for key in ("components", "mirror", "snapshot", "keys", "docs")}
    _fill(table, {key: value for key, value in others.items() if value != getattr(default, key)})
    return table


def _filled(fields: Mapping[str, Any]) -> Table:
    table = tomlkit.table()
    _fill(table, fields)
    return table


def _fill(table: Table | tomlkit.TOMLDocument, fields: Mapping[str, Any]) -> None:
    for key, value in fields.items():
        if value is not None:
            table.add(key, _array(value, multiline=False) if isinstance(value, tuple) else value)


def _array(items: Iterable[str], *, multiline: bool = True) -> Array:
    array = tomlkit.array()
    array.extend(items)
    return array.multiline(multiline and bool(array))
