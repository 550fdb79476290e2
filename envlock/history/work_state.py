"""What a work tree looks like at this moment: its commit, and how it differs from that.

Git is set to work at once and asked for its answer later, so that both go on beside one another. The patch is the
same whoever makes it of the same files: docs/runs.md tells how, so that anybody can.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from envlock.errors import OutsideError
from envlock.history.git_program import Git
from envlock.system.pipes import Pipes
from envlock.system.process import without_git_variables

_CHUNK = 1 << 16
_UNBORN = b"(initial)"
_OFF = b"false"

# nobody who commits at this moment is to find the index locked
_QUIETLY = ("--no-optional-locks", "--literal-pathspecs")
_SETTING = ("config", "--type=bool", "--get", "envlock.record")
_STATUS = (
    *(*_QUIETLY, "status", "--porcelain=v2", "--branch", "-z", "--no-ahead-behind", "--no-renames"),
    *("--untracked-files=normal", "--ignore-submodules=none"),
)
# Whatever a person may have set that changes the text is said here. Files that are not text stand in it by the full
# ids of their contents alone: how well they are compressed is a matter of the library that git was built with.
PATCH = (
    *("-c", "core.quotePath=true", "-c", "diff.suppressBlankEmpty=false", "-c", "diff.autoRefreshIndex=true"),
    *("-c", "core.bigFileThreshold=512m"),
    *("diff", "HEAD", "--full-index", "--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--no-relative"),
    *("--src-prefix=a/", "--dst-prefix=b/", "--diff-algorithm=myers", "--unified=3", "--inter-hunk-context=0"),
    *("--indent-heuristic", "--ignore-submodules=none", "--submodule=short", "-O/dev/null"),
)
_HUNK, _HUNK_END = b"@@ ", b" @@"
_OF_DIFFS = ("GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkState:
    """HEAD in full, the SHA-256 of the patch that leads from it to the tracked files as they are (None where they are
    the same), and how many names `git status` lists that are not tracked."""

    commit: str
    patch: str | None
    untracked: int


class Look:
    """A look at the work tree around a folder, begun when this was made; left early, git is ended."""

    def __init__(self, git: Git) -> None:
        with ExitStack() as begun:
            self._setting, self._status, self._patch = (
                begun.enter_context(git.started(*words)) for words in (_SETTING, _STATUS, (*_QUIETLY, *PATCH))
            )
            self._all = begun.pop_all()

    def is_wanted(self) -> bool:
        """Does git's setting `envlock.record` leave it at recording runs?"""
        said = self._setting.stdout.read(_CHUNK)
        return not (self._setting.finish()[0] == 0 and said.strip() == _OFF)

    def state(self) -> WorkState | None:
        """What was seen; None before the first commit. OutsideError where git cannot tell."""
        commit, untracked = _read_status(_entries(self._status.stdout))
        _finish(self._status, "status")
        if commit == _UNBORN:
            return None
        patch = _hashed(_without_headings(self._patch.stdout))
        _finish(self._patch, "diff")
        return WorkState(commit=commit.decode(), patch=patch, untracked=untracked)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._all.close()


def look_around(folder: Path) -> Look:
    """Begins to look; OutsideError where git cannot be started."""
    variables = {name: value for name, value in without_git_variables().items() if name not in _OF_DIFFS}
    return Look(Git(folder, environment=variables))


def _finish(program: Pipes, word: str) -> None:
    code, said = program.finish()
    if code != 0:
        reason = said.strip().partition("\n")[0].removeprefix("fatal: ")
        raise OutsideError(f"`git {word}` failed: {reason or f'it ended with {code}'}")


def _read_status(entries: Iterable[bytes]) -> tuple[bytes, int]:
    commit, untracked = _UNBORN, 0
    for entry in entries:
        if entry.startswith(b"# branch.oid "):
            commit = entry.removeprefix(b"# branch.oid ")
        untracked += entry.startswith(b"? ")
    return commit, untracked


def _entries(stream: IO[bytes]) -> Iterator[bytes]:
    """What stands between zero bytes."""
    rest = b""
    while chunk := stream.read(_CHUNK):
        *whole, rest = (rest + chunk).split(b"\0")
        yield from whole


def _without_headings(stream: IO[bytes]) -> Iterator[bytes]:
    """Without the line of code that git puts after `@@ -1,2 +3,4 @@`, as a person's settings of a language have it."""
    at_start = True
    while line := stream.readline(_CHUNK):
        if at_start and line.startswith(_HUNK):
            head, end, _ = line.partition(_HUNK_END)
            yield head + end + b"\n"
            while not line.endswith(b"\n") and line:
                line = stream.readline(_CHUNK)
        else:
            yield line
        at_start = line.endswith(b"\n")


def _hashed(parts: Iterable[bytes]) -> str | None:
    hashed, empty = hashlib.sha256(), True
    for part in parts:
        hashed.update(part)
        empty = False
    return None if empty else hashed.hexdigest()
