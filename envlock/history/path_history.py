"""The commits that changed a file, as `git log -- PATH` has them, across renames of its folder.

Where the history of a path begins, the file may have been in another folder before: whoever asks says where, and that
path is followed from there on, so that branches in which it is still the old one are followed, too.
"""

import heapq
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import count

from envlock.errors import OutsideError
from envlock.history.git_program import Git

_FIELDS = ("%H", "%P", "%ct", "%cI", "%aN")
_SHORT = 7
_LOG = (
    *("-c", "log.follow=false", "-c", "log.showRoot=true", "-c", "diff.relative=false"),
    *("log", "--no-color", "--no-ext-diff", "--no-show-signature"),
    *("--encoding=UTF-8", "--raw", "-c", "--no-abbrev", "--no-renames", f"--format={'%x00'.join(_FIELDS)}%x00"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A commit that changed a file: `blob` is what it made of it, None where it removed it, and `before` what its first
    parent has of it, None where that has none. `time` is seconds since 1970, `date` the same as ISO 8601, both of the
    commit, `author` who is its author; `folder` is where the file was then, `moved_from` where before, if elsewhere."""

    commit: str
    parents: tuple[str, ...]
    time: int
    date: str
    author: str
    folder: str
    blob: str | None
    before: tuple[str | None, ...]
    moved_from: str | None = None

    @property
    def short(self) -> str:
        """As people call it."""
        return self.commit[:_SHORT]


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What is followed: the file's name, and where the one that is meant is in a commit: its folder ("" is the top),
    None where it is nowhere; `content` is the id of the file in a folder of a commit, None where there is none."""

    file: str
    folder_in: Callable[[str], str | None]
    content: Callable[[str, str], str | None]


def path_history(git: Git, start: str, folder: str, followed: Followed) -> Iterator[Step]:
    """The commits that changed the file, the newest first; no more of the history is read than is asked for."""
    with ExitStack() as stack:
        yield from _Walk(git, followed, stack).steps(start, folder)


def step_at(git: Git, commit: str, folder: str, blob: str | None) -> Step:
    """A commit by itself, whatever it changed."""
    head = git.said(*_LOG, "--no-patch", "--max-count=1", commit).decode(errors="replace").split("\0")
    id = blob or "0"
    return _step(head, f":0 0 {id} {id} -".encode(), folder)


@dataclass(frozen=True, slots=True)
class _Log:
    """The history of the file in one folder, from a commit back."""

    start: str
    folder: str
    steps: Iterator[Step]


@dataclass
class _Walk:
    git: Git
    followed: Followed
    stack: ExitStack
    opened: dict[str, list[str]] = field(default_factory=dict)  # by folder: where its history was begun to be read
    waiting: list[tuple[int, int, Step, _Log]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=count)

    def steps(self, start: str, folder: str) -> Iterator[Step]:
        seen = set[str]()
        self._open(start, folder)
        while self.waiting:
            _, _, step, log = heapq.heappop(self.waiting)
            if step.blob is None and not self._was_ours(step):
                self._cut(log)
                continue
            came = self._came(step)
            if came and step.commit not in seen:
                seen.add(step.commit)
                yield came
            self._push(log)

    def _came(self, step: Step) -> Step | None:
        """The step with where it moved the file from; None for one that only took it elsewhere."""
        if step.blob is None:
            return step if self.followed.folder_in(step.commit) is None else None
        before, moved_from = [*step.before], None
        for at, parent in enumerate(step.parents):
            folder = self.followed.folder_in(parent) if before[at] is None else None
            if folder is not None and folder != step.folder:
                before[at] = self.followed.content(parent, folder)
                moved_from = moved_from or folder
                self._open(parent, folder)
        return replace(step, before=tuple(before), moved_from=moved_from)

    def _was_ours(self, step: Step) -> bool:
        """Was what a commit removed the one that is meant, or another of the same path?"""
        return any(self.followed.folder_in(parent) == step.folder for parent in step.parents)

    def _open(self, start: str, folder: str) -> None:
        known = self.opened.setdefault(folder, [])
        if start not in known:
            # what another one reads anyway, this one need not
            self._push(_Log(start, folder, self._log(start, folder, [*known])))
            known.append(start)

    def _cut(self, log: _Log) -> None:
        """Before this, the path was another environment's: those who left it to this one read on by themselves."""
        known = self.opened[log.folder]
        at = known.index(log.start)
        later, known[at:] = known[at + 1 :], []
        for start in later:
            self._open(start, log.folder)

    def _push(self, log: _Log) -> None:
        step = next(log.steps, None)
        if step:
            heapq.heappush(self.waiting, (-step.time, next(self.numbers), step, log))

    def _log(self, start: str, folder: str, without: Sequence[str]) -> Iterator[Step]:
        path = f"{folder}/{self.followed.file}" if folder else self.followed.file
        hidden = (f"^{id}" for id in without)
        log = self.stack.enter_context(self.git.started(*_LOG, start, *hidden, "--", f":(top,literal){path}"))
        head: list[str] = []
        for line in log.stdout:
            if line.startswith(b":") and head:
                yield _step(head, line, folder)
                head = []
            elif b"\0" in line:
                head = line.decode(errors="replace").split("\0")
        code, said = log.finish()
        if code != 0:
            raise OutsideError(f"the history cannot be read: {said.strip().removeprefix('fatal: ')}")


def _step(head: Sequence[str], raw: bytes, folder: str) -> Step:
    """From git's raw form: a colon a parent, the modes, then the ids, those of the parents first."""
    commit, parents, time, date, author, _ = head
    words = raw.decode(errors="replace").partition("\t")[0]
    merged = len(words) - len(words.lstrip(":"))
    ids = [None if set(id) == {"0"} else id for id in words.split()[merged + 1 : -1]]
    return Step(
        commit=commit,
        parents=tuple(parents.split()),
        time=int(time or 0),  # commits that no git has made may have none
        date=date,
        author=author,
        folder=folder,
        blob=ids[-1],
        before=tuple(ids[:-1]),
    )
