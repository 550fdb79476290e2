"""install: the environment on this machine, exactly as locked, in the store or in a folder of one's own."""

import platform as machine
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from envlock.environments.interpreter import Interpreter, find_python
from envlock.environments.prefix import write_prefix
from envlock.environments.store import install_to, prefix_in_store
from envlock.environments.venv import venv_files
from envlock.environments.wheel import WheelTarget, wheel_files
from envlock.errors import UserInputError
from envlock.manifest.reader import read_manifest
from envlock.model.conda_contents import conda_meta, conda_meta_path
from envlock.model.digest import prefix_key
from envlock.model.files import Inline, PrefixFile
from envlock.model.lock import Lock, PlatformLock
from envlock.model.ownership import resolve
from envlock.model.spec import EnvSpec, python_minor
from envlock.workflows.check import require_fresh
from envlock.workflows.conda_stage import LinkTarget, link
from envlock.workflows.context import Context
from envlock.workflows.packages import fetch_all, sources_of
from envlock.workflows.project import Project

_MACHINES = {("Linux", "x86_64"): "linux-64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An environment on this machine: where it is, and what it was made from."""

    prefix: Path
    lock: Lock
    locked: PlatformLock


def install(project: Project, context: Context, *, prefix: Path | None = None) -> Installed:
    """Makes the environment where it is not there yet. A stale lock is refused, never mended in passing."""
    lock = require_fresh(project, context.cache)
    locked = _for_this_machine(lock)
    python = _interpreter(locked, read_manifest(project.manifest))
    version = python.version if python else locked.python
    key = prefix_key(locked, version if locked.conda or not python else f"{version} {python.path}")

    def build(folder: Path, final: Path) -> None:
        files = fetch_all(locked, sources_of(lock.inputs, project), context)
        context.progress(f"installing {len(locked.packages)} packages")
        target = LinkTarget(prefix=folder, final=str(final), share=False)
        owned = _link(locked, files, context, target)
        write_prefix(folder, _own_files(locked, python, files, final=str(final), owned=owned))

    if prefix is None:
        return Installed(prefix=prefix_in_store(context.cache, key, build), lock=lock, locked=locked)
    return Installed(prefix=install_to(prefix, key, build), lock=lock, locked=locked)


def _for_this_machine(lock: Lock) -> PlatformLock:
    name = _MACHINES.get((machine.system(), machine.machine()))
    locked = lock.platform(name) if name else None
    if locked is None:
        here = name or f"{machine.system()} on {machine.machine()}"
        raise UserInputError(f"the environment is not locked for this machine ({here})")
    return locked


def _interpreter(locked: PlatformLock, spec: EnvSpec) -> Interpreter | None:
    """The Python of this machine that stands in for the base's; None where conda brings one or there is none."""
    if locked.conda or locked.base.python is None:
        return None
    return find_python(spec.python or python_minor(locked.base.python))


def _link(
    locked: PlatformLock, files: Mapping[str, Path], context: Context, target: LinkTarget
) -> dict[str, tuple[str, ...]]:
    """The conda packages, linked; the paths that each owns."""
    if not locked.conda:
        return {}
    owned = link(locked.conda, files, context.cache, target)
    _take_out_notes(target.prefix)
    return owned


def _own_files(
    locked: PlatformLock,
    python: Interpreter | None,
    files: Mapping[str, Path],
    *,
    final: str,
    owned: Mapping[str, tuple[str, ...]],
) -> Iterator[PrefixFile]:
    """What we write ourselves: conda's records, the virtual environment, and wheels, which win over conda's files."""
    yield from _notes(locked, owned)
    yield from _venv(python)
    target = WheelTarget(prefix=final, python=python_minor(python.version if python else locked.python))
    plans = {p.name: wheel_files(files[p.sha256], target) for p in locked.pip}
    brought = [(f"conda:{name}", paths) for name, paths in owned.items()]
    kept = resolve([*brought, *((name, tuple(f.path for f in plan)) for name, plan in plans.items())]).kept
    for name, plan in plans.items():
        mine = set(kept[name])
        yield from (file for file in plan if file.path in mine)


def _notes(locked: PlatformLock, owned: Mapping[str, tuple[str, ...]]) -> Iterator[PrefixFile]:
    """conda's records of what is installed, as in images: they name no cache, no place and no time."""
    for package in locked.conda:
        record = conda_meta(package, owned[package.name])
        yield PrefixFile(path=conda_meta_path(package), content=Inline(record))
    if locked.conda:
        yield PrefixFile(path="conda-meta/history", content=Inline(b""))


def _take_out_notes(folder: Path) -> None:
    """Removes what the linker noted of its own."""
    for note in [*(folder / "conda-meta").glob("*"), folder / "CACHEDIR.TAG"]:
        note.unlink(missing_ok=True)


def _venv(python: Interpreter | None) -> tuple[PrefixFile, ...]:
    if python is None:
        return ()
    return venv_files(str(Path(python.path).parent), str(python.path), python.version)
