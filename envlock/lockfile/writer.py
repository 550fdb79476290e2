"""env.lock as text: sorted, one field a line, one requirement a line, so that git merges and shows it well."""

import re
from collections.abc import Iterable, Iterator, Mapping

from envlock.model.lock import CondaPackage, DebianPackage, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import System
from envlock.model.spec import MAIN, DebianSpec, EditableProject, Index, Wants
from envlock.model.system_values import SYSTEM_KEYS
from envlock.model.toml_strings import basic_string

HEADER = "# Made by `envlock lock`. Do not edit: change env.toml and lock again."

Value = str | int | bool | tuple[str, ...] | None

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def lock_text(lock: Lock) -> str:
    """The whole file: the same lock gives the same bytes, in whatever order its packages come."""
    tables = [
        _inputs(lock.inputs),
        _image(lock),
        *(_platform(p) for p in sorted(lock.platforms, key=lambda p: p.platform)),
    ]
    head = f"{HEADER}\nlock-version = {lock.version}\n"
    return "\n".join((head, *(table for group in tables for table in group)))


def _inputs(inputs: Inputs) -> Iterator[str]:
    yield _table(
        "[inputs]",
        {
            "python": inputs.python,
            "platforms": _sorted(inputs.platforms),
            "base": inputs.base,
            "dockerfile": inputs.dockerfile,
            "interpreter": inputs.interpreter,
            "exclude-newer": inputs.exclude_newer,
        },
    )
    yield from _optional("[inputs.debian]", _debian_inputs(inputs.debian))
    yield from _optional("[inputs.conda]", _conda_inputs(inputs))
    yield from _optional(
        "[inputs.pip]", {"dependencies": _sorted(inputs.pip), "constraints": _sorted(inputs.constraints)}
    )
    for index in inputs.indexes:
        yield _table("[[inputs.pip.indexes]]", _index(index))
    for project in sorted(inputs.editable, key=lambda project: project.path):
        yield _table("[[inputs.pip.editable]]", _editable(project))
    for group, wants in sorted(inputs.groups):
        yield _table(f"[inputs.groups.{_key(group)}]", _wants(wants))
    wanted = dict(inputs.platform_wants)
    for platform, system in sorted(inputs.systems, key=lambda pair: pair[0]):
        fields = {**_system(system), **_wants(wanted.get(platform, Wants()))}
        yield _table(f"[inputs.platform.{_key(platform)}]", fields)


def _debian_inputs(debian: DebianSpec | None) -> Mapping[str, Value]:
    if debian is None:
        return {}
    return {
        "suite": debian.suite,
        "components": _sorted(debian.components),
        "packages": _sorted(debian.packages),
        "docs": None if debian.docs else False,
    }


def _index(index: Index) -> Mapping[str, Value]:
    return {
        "name": index.name,
        "url": index.url,
        "default": index.default or None,
        "packages": _sorted(index.packages),
    }


def _editable(project: EditableProject) -> Mapping[str, Value]:
    return {
        "path": project.path,
        "name": project.name,
        "extras": _sorted(project.extras),
        "dependencies": _sorted(project.dependencies),
    }


def _wants(wants: Wants) -> Mapping[str, Value]:
    return {"conda": _sorted(wants.conda), "pip": _sorted(wants.pip)}


def _conda_inputs(inputs: Inputs) -> Mapping[str, Value]:
    if not (inputs.conda or inputs.channels):
        return {}
    return {
        "channels": inputs.channels or None,
        "channel-priority": inputs.channel_priority,
        "dependencies": _sorted(inputs.conda),
    }


def _system(system: System) -> Mapping[str, Value]:
    return {key: getattr(system, key.replace("-", "_")) for key in SYSTEM_KEYS}


def _image(lock: Lock) -> Iterator[str]:
    image = lock.image
    settings = {
        "user": image.user,
        "workdir": image.workdir,
        "entrypoint": image.entrypoint,
        "cmd": image.cmd,
        "bytecode": image.bytecode or None,
    }
    yield from _optional("[image]", settings)
    yield from _optional("[image.copy]", dict(sorted(lock.copied)))
    yield from _optional("[image.labels]", dict(sorted(image.labels)))
    yield from _optional("[image.variables]", dict(sorted(image.variables)))


def _platform(locked: PlatformLock) -> Iterator[str]:
    name, base = f"platform.{_key(locked.platform)}", locked.base
    fields = {
        "suite": base.suite,
        "reference": base.reference,
        "digest": base.digest,
        "context": base.context,
        "glibc": base.glibc,
        "interpreter": base.interpreter,
        "python": base.python,
        "shell": base.shell,
    }
    if not (locked.packages or any(fields.values())):
        yield _table(f"[{name}]", {})  # nothing is wanted there, and that is locked
    yield from _optional(f"[{name}.base]", fields)
    yield from _optional(f"[{name}.base.dates]", dict(sorted(base.dates)))
    for debian in sorted(locked.debian, key=lambda p: p.name):
        yield _table(f"[[{name}.debian]]", _debian_package(debian))
    for conda in sorted(locked.conda, key=lambda p: p.name):
        yield _table(f"[[{name}.conda]]", _conda_package(conda))
    for pip in sorted(locked.pip, key=lambda p: p.name):
        yield _table(f"[[{name}.pip]]", _pip_package(pip))


def _debian_package(package: DebianPackage) -> Mapping[str, Value]:
    return {
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "archive": None if package.archive == "main" else package.archive,
        "file": package.file,
        "sha256": package.sha256,
        "size": package.size,
        "requires": _sorted(package.requires),
        "provides": _sorted(package.provides),
        "conflicts": _sorted(package.conflicts),
    }


def _conda_package(package: CondaPackage) -> Mapping[str, Value]:
    return {
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "channel": package.channel,
        "subdir": package.subdir,
        "file": package.file,
        "sha256": package.sha256,
        "size": package.size,
        "uploaded": package.uploaded,
        "groups": _groups(package.groups),
        "requires": _sorted(package.requires),
        "constrains": _sorted(package.constrains),
        "provides": _sorted(package.provides),
        "extras": _sorted(package.extras),
    }


def _pip_package(package: PipPackage) -> Mapping[str, Value]:
    return {
        "name": package.name,
        "version": package.version,
        "index": package.index,
        "url": package.url,
        "path": package.path,
        "git": package.git,
        "commit": package.commit,
        "subdirectory": package.subdirectory,
        "tree": package.tree,
        "file": package.file or None,
        "sha256": package.sha256 or None,
        "size": package.size,
        "uploaded": package.uploaded,
        "builds": package.builds or None,
        "groups": _groups(package.groups),
        "requires-python": package.requires_python,
        "extras": _sorted(package.extras),
        "requires": _sorted(package.requires),
    }


def _groups(groups: tuple[str, ...]) -> tuple[str, ...] | None:
    """What only the main set needs goes without saying."""
    return None if groups == (MAIN,) else _sorted(groups)


def _sorted(items: Iterable[str]) -> tuple[str, ...] | None:
    """A set of strings; an empty one is left out."""
    return tuple(sorted(set(items))) or None


def _optional(header: str, fields: Mapping[str, Value]) -> Iterator[str]:
    if any(value is not None for value in fields.values()):
        yield _table(header, fields)


def _table(header: str, fields: Mapping[str, Value]) -> str:
    lines = [f"{_key(key)} = {_value(value)}\n" for key, value in fields.items() if value is not None]
    return "".join((f"{header}\n", *lines))


def _value(value: Value) -> str:
    if isinstance(value, tuple):
        return "".join(("[\n", *(f"    {basic_string(item)},\n" for item in value), "]")) if value else "[]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else basic_string(value or "")


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else basic_string(key)
