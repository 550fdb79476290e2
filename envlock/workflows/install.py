"""install: the environment on this machine, exactly as locked, in the store or in a folder of one's own."""

import platform as machine
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from envlock.environments.interpreter import Interpreter, find_python
from envlock.environments.store import install_to, prefix_in_store
from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.digest import prefix_key
from envlock.model.lock import Lock, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.spec import MAIN, python_minor
from envlock.workflows import later
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.editable import editable_identities
from envlock.workflows.installed import Note, lock_digest, note_installed
from envlock.workflows.prefix_task import PrefixTask
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """An environment on this machine: where it is, and what it was made from; `python` is the full version there."""

    prefix: Path
    python: str | None
    lock: Lock = field(repr=False)
    locked: PlatformLock = field(repr=False)


def install(project: Project, context: Context, *, prefix: Path | None = None, groups: Sequence[str] = ()) -> Installed:
    """Makes the environment, with these groups of it, where it is not there yet.

    A stale lock is refused, never mended in passing. Files that go into the image alone may have changed: who works
    on them runs them here.
    """
    require_fresh(project, context.cache, copies=False)
    digest, lock = lock_digest(project), read_lock(project.lockfile)
    require_groups(lock, groups)
    locked = _for_this_machine(lock).of_groups(*groups)
    python = _interpreter(lock, locked)
    projects = editable_identities(lock, project)
    named = f"{python.version} {python.path}" if python else locked.python
    key = prefix_key(locked, named, projects)

    task = PrefixTask(lock=lock, locked=locked, python=python, project=project, context=context)

    def build(folder: Path, final: Path) -> None:
        later.fill_prefix(task, folder, final)

    if prefix is None:
        place = prefix_in_store(context.cache, key, build)
    else:
        install_to(context.cache, prefix, key, build)
        place = prefix.resolve()
    if project.at is None:
        note = Note(
            folder=str(project.folder.resolve()),
            place=str(place) if prefix else None,
            groups=tuple(groups),
            lock=digest or "",
            key=key,
            asked=asked_python(lock, locked),
            python=named,
        )
        note_installed(note, context.cache)
    return Installed(prefix=place, python=python.version if python else locked.python, lock=lock, locked=locked)


def require_groups(lock: Lock, groups: Sequence[str]) -> None:
    """UserInputError where a group is none of the environment's."""
    known = [name for name, _ in lock.inputs.groups]
    for name in groups:
        if name not in (MAIN, *known):
            listed = ", ".join(f"`{each}`" for each in known)
            raise UserInputError(f"no group `{name}`", hint=f"there is {listed}" if known else "env.toml has no groups")


def _for_this_machine(lock: Lock) -> PlatformLock:
    here = platform_here()
    locked = lock.platform(here.name) if here else None
    if locked is None:
        name = here.name if here else f"{machine.system()} on {machine.machine()}"
        raise UserInputError(
            f"the environment is not locked for this machine ({name})", hint="add it to `platforms` in env.toml"
        )
    return locked


def platform_here() -> Platform | None:
    """The platform of this machine."""
    named = (machine.system().lower(), machine.machine().lower())
    return next((p for p in PLATFORMS.values() if (p.os, p.machine.lower()) == named), None)


def asked_python(lock: Lock, locked: PlatformLock) -> str | None:
    """The version that a Python of this machine must have; None where conda brings one, or there is none."""
    if locked.conda or locked.base.python is None:
        return None
    return lock.inputs.python or python_minor(locked.base.python)


def _interpreter(lock: Lock, locked: PlatformLock) -> Interpreter | None:
    """The Python of this machine that stands in for the base's."""
    asked = asked_python(lock, locked)
    return find_python(asked) if asked else None
