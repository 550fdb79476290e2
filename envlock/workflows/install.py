"""install: the environment on this machine, exactly as locked, in the store or in a folder of one's own."""

import platform as machine
from dataclasses import dataclass
from pathlib import Path

from envlock.environments.interpreter import Interpreter, find_python
from envlock.environments.store import install_to, prefix_in_store
from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.digest import prefix_key
from envlock.model.lock import Lock, PlatformLock
from envlock.model.spec import python_minor
from envlock.workflows import later
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.prefix_task import PrefixTask
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
    require_fresh(project, context.cache)
    lock = read_lock(project.lockfile)
    locked = _for_this_machine(lock)
    python = _interpreter(lock, locked)
    key = prefix_key(locked, f"{python.version} {python.path}" if python else locked.python)

    task = PrefixTask(lock=lock, locked=locked, python=python, project=project, context=context)

    def build(folder: Path, final: Path) -> None:
        later.fill_prefix(task, folder, final)

    if prefix is None:
        return Installed(prefix=prefix_in_store(context.cache, key, build), lock=lock, locked=locked)
    install_to(context.cache, prefix, key, build)
    return Installed(prefix=prefix.resolve(), lock=lock, locked=locked)


def _for_this_machine(lock: Lock) -> PlatformLock:
    name = _MACHINES.get((machine.system(), machine.machine()))
    locked = lock.platform(name) if name else None
    if locked is None:
        here = name or f"{machine.system()} on {machine.machine()}"
        raise UserInputError(f"the environment is not locked for this machine ({here})")
    return locked


def _interpreter(lock: Lock, locked: PlatformLock) -> Interpreter | None:
    """The Python of this machine that stands in for the base's; None where conda brings one or there is none."""
    if locked.conda or locked.base.python is None:
        return None
    return find_python(lock.inputs.python or python_minor(locked.base.python))
