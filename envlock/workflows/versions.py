"""versions: every commit that changed an environment's lock, with the versions and labels that lead to it."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from envlock.history.marks import Mark, label_references, labels_at, version_references, versions_at
from envlock.history.path_history import Followed, Step, path_history, step_at
from envlock.history.versions import Locks
from envlock.system.cache import Cache
from envlock.workflows.lock_facts import LockStep
from envlock.workflows.past import HEAD, Past, Whose, commit_named, opened, refuse_absent, whose
from envlock.workflows.project import LOCKFILE

_AHEAD = 32  # commits that are looked at for one whose lock a mark has, before it counts as none of this branch


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvVersion:
    """A state of an environment's lock in git: the commit that made it, and what leads to it.

    `lock` is None where the commit removed it, or has none; `moved_from` is the folder that it was in before, if that
    was another; `on_branch` is False for what is registered elsewhere. A mark may lead to a later commit in which the
    lock is still the same.
    """

    step: Step
    lock: LockStep | None
    marks: tuple[Mark, ...] = ()
    on_branch: bool = True

    @property
    def versions(self) -> tuple[str, ...]:
        """What it is registered as: numbers, the highest first, then names."""
        found = (mark.version for mark in self.marks if mark.version)
        return tuple(sorted(found, key=lambda v: (not v.isdecimal(), -int(v) if v.isdecimal() else 0, v)))

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(sorted(mark.label for mark in self.marks if mark.label))


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """The states of an environment, the newest first, read as they are asked for; `ends_early` in a shallow clone."""

    name: str
    states: Iterator[EnvVersion]
    marks: tuple[Mark, ...]
    ends_early: bool


@contextmanager
def versions(env: str | None, revision: str | None, folder: Path, cache: Cache) -> Iterator[History]:
    """The history of an environment from a revision back; what is registered elsewhere, too, where that is HEAD."""
    with opened(folder, cache) as past:
        start = commit_named(past, revision or HEAD)
        of = whose(env, past, start)
        marks = _marks(of.name, past)
        if of.folder is None and not marks:
            raise refuse_absent(of.name, past, start)
        states = _Told(past=past, of=of, pending=list(marks), elsewhere=revision is None).states()
        yield History(name=of.name, states=states, marks=marks, ends_early=past.place.is_shallow)


def steps_of(of: Whose, past: Past) -> Iterator[Step]:
    """The commits that changed an environment's lock, the newest first."""
    if of.folder is None:
        return iter(())
    followed = Followed(
        file=LOCKFILE,
        folder_in=lambda commit: past.folders.folder_of(of.name, commit),
        content=past.folders.lock_in,
    )
    return path_history(past.place.git, of.start, of.folder, followed)


def _read(past: Past, step: Step) -> LockStep | None:
    """What a commit made of a lock, beside what its first parent has; None where it removed it."""
    before = step.before[0] if step.before else None
    return past.steps.step(before=before, after=step.blob) if step.blob else None


def _marks(name: str, past: Past) -> tuple[Mark, ...]:
    """Those of an environment, the newest first."""
    versions = versions_at([*version_references(past.place.git, name)], past.objects)
    labels = labels_at([*label_references(past.place.git, name)], past.objects)
    return tuple(sorted(chain(versions, labels), key=lambda mark: -mark.time))


@dataclass(kw_only=True)
class _Told:
    """Puts marks to the commits that they lead to, as these come by."""

    past: Past
    of: Whose
    pending: list[Mark]
    elsewhere: bool
    ahead: deque[Step] = field(default_factory=deque)
    locks: dict[str, str | None] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)  # by a mark's commit: the one that made the lock it has

    def states(self) -> Iterator[EnvVersion]:
        steps = steps_of(self.of, self.past)
        while step := self._next(steps):
            for mark in self._overdue(step, steps):
                yield from self._alone(mark)
            yield self._state(step)
        while self.pending:
            yield from self._alone(self.pending[0], is_last=True)

    def _next(self, steps: Iterator[Step]) -> Step | None:
        return self.ahead.popleft() if self.ahead else next(steps, None)

    def _overdue(self, step: Step, steps: Iterator[Step]) -> Iterator[Mark]:
        """What should have come before a step, and does not come soon after it."""
        for mark in [mark for mark in self.pending if mark.time >= step.time and not self._leads_to(mark, step)]:
            while len(self.ahead) < _AHEAD and not any(self._leads_to(mark, each) for each in self.ahead):
                more = next(steps, None)
                if more is None:
                    break
                self.ahead.append(more)
            if mark in self.pending and not any(self._leads_to(mark, each) for each in self.ahead):
                yield mark

    def _leads_to(self, mark: Mark, step: Step) -> bool:
        """The commit itself, or one after it that has the same lock."""
        if step.commit in (mark.commit, self.found.get(mark.commit)):
            return True
        if step.blob is None or mark.time < step.time or any(mark.commit == each.commit for each in self.ahead):
            return False
        if mark.commit in self.found or self._lock_at(mark) != step.blob:
            return False
        # commits that a program makes one after the other are of the same second
        return mark.time > step.time or self._is_ancestor(step.commit, mark.commit)

    def _lock_at(self, mark: Mark) -> str | None:
        if mark.commit not in self.locks:
            folders = self.past.folders
            folder = self.of.folder
            lock = folders.lock_in(mark.commit, folder) if folder is not None else None
            if lock is None:
                folder = folders.folder_of(self.of.name, mark.commit)
                lock = folders.lock_in(mark.commit, folder) if folder is not None else None
            self.locks[mark.commit] = lock
        return self.locks[mark.commit]

    def _state(self, step: Step, *, on_branch: bool = True) -> EnvVersion:
        marks = tuple(mark for mark in self.pending if self._leads_to(mark, step))
        self.pending = [mark for mark in self.pending if mark not in marks]
        return EnvVersion(step=step, lock=_read(self.past, step), marks=marks, on_branch=on_branch)

    def _alone(self, mark: Mark, *, is_last: bool = False) -> Iterator[EnvVersion]:
        """What is registered, or labelled, and seems to be no commit of this list."""
        if mark not in self.pending or (mark.commit in self.found and not is_last):
            return
        reached = self._is_ancestor(mark.commit, self.of.start)
        step = self._step_of(mark)
        self.found[mark.commit] = step.commit
        if is_last or not reached:
            if self.elsewhere or reached:
                yield self._state(step, on_branch=reached)
            self.pending = [each for each in self.pending if each.commit != mark.commit]

    def _is_ancestor(self, old: str, new: str) -> bool:
        return self.past.place.git.tried("merge-base", "--is-ancestor", old, new)[0] == 0

    def _step_of(self, mark: Mark) -> Step:
        """The last commit from a mark back that changed the lock; the mark's own where there is none."""
        folder = self.past.folders.folder_of(self.of.name, mark.commit)
        of = Whose(name=self.of.name, start=mark.commit, folder=folder)
        found = next(steps_of(of, self.past), None)
        return found or step_at(self.past.place.git, mark.commit, folder or "", self._lock_at(mark))


def locks_in(folder: Path, cache: Cache) -> Locks:
    """What finds `lock-HEX` in the history of HEAD, as `history.versions` asks for it."""

    def locks(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
        with opened(folder, cache) as past:
            head = past.place.commit_of(HEAD)
            for step in steps_of(whose(name, past, head), past) if head else ():
                read = _read(past, step)
                if read and read.facts:
                    yield step.commit, read.facts.all

    return locks
