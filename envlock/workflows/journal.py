"""The journal of runs in git: loaded and opened while a command runs, written to when it has ended."""

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.history import runs
from envlock.history.around import repository_around
from envlock.history.git_program import Git
from envlock.history.identity import committer
from envlock.history.repository import Person
from envlock.model.digest import lock_hash
from envlock.model.masking import masked, secrets_of
from envlock.model.run import Run
from envlock.system.process import Ended
from envlock.system.secrets import redact
from envlock.workflows.context import Context
from envlock.workflows.record import Begun

_NOBODY = Person(name="envlock", email="envlock@localhost", time=0)
_MOST = 16 << 10  # characters of a command
_SHORT = 7


def journal(begun: Begun, context: Context) -> Callable[[datetime, datetime, Ended], str]:
    """What writes a run, once it is known how it ended, and tells of it in a line."""
    repository, person, told = repository_around(begun.root), _person(begun.root), _told(begun, context)
    if repository is None:
        raise OutsideError(f"`{begun.root}` is no git repository any more")

    def write(start: datetime, end: datetime, ended: Ended) -> str:
        run = told(start, end, ended, f"{person.name} <{person.email}>" if person else None)
        recorded = runs.append(repository, run, person or _NOBODY)
        return f"recorded run {recorded.id} ({_described(run)})"

    return write


def _told(begun: Begun, context: Context) -> Callable[[datetime, datetime, Ended, str | None], Run]:
    used, state, at = begun.used, begun.state, begun.project.at
    locked = used.lock.platform(used.platform)
    assert locked
    key, name, folder = lock_hash(used.lock, locked), begun.project.name, _folder(begun.root)
    command, cut = _shortened(masked(used.command, secrets_of(context.environment)))

    def told(start: datetime, end: datetime, ended: Ended, user: str | None) -> Run:
        return Run(
            command=command,
            cut=cut,
            start=start,
            end=end,
            exit_code=ended.code,
            signal=ended.signal,
            host=os.uname().nodename,
            user=user,
            name=name,
            version=at.version if at else None,
            of=at.commit if at else None,
            origin=redact(at.origin) if at and at.origin else None,
            groups=used.groups,
            platform=used.platform,
            python=used.python,
            lock_hash=key,
            image=used.image,
            commit=state.commit,
            dirty=state.patch is not None,
            patch=state.patch,
            untracked=state.untracked,
            folder=folder,
        )

    return told


def _person(root: Path) -> Person | None:
    try:
        return committer(Git(root))
    except UserInputError:
        return None


def _folder(root: Path) -> str | None:
    """Where in the work tree we are; nothing is said of places outside of it."""
    here, top = Path.cwd().resolve(), root.resolve()
    return here.relative_to(top).as_posix() if here.is_relative_to(top) else None


def _shortened(command: tuple[str, ...]) -> tuple[tuple[str, ...], bool]:
    room, kept = _MOST, []
    for word in command:
        kept.append(word[:room])
        room -= len(word)
        if room < 0:
            return (*kept,), True
    return command, False


def _described(run: Run) -> str:
    name = f"{run.name}@{run.version}" if run.version else run.name
    others = f", {run.untracked} untracked" if run.untracked else ""
    return f"{name}, commit {run.commit[:_SHORT]}, {'dirty' if run.dirty else 'clean'}{others}"
