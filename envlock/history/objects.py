"""Git's objects by the git program, asked for one after the other of one process."""

from types import TracebackType
from typing import NamedTuple, Self

from envlock.errors import OutsideError
from envlock.history.git_program import Git


class Object(NamedTuple):
    """`kind` is git's word: `blob`, `tree`, `commit`, `tag`."""

    id: str
    kind: str
    content: bytes


class Objects:
    """Answers what git's words for an object (`ID`, `COMMIT:PATH`, `REF^{commit}`) name; to be left as a context."""

    def __init__(self, git: Git) -> None:
        self._pipes = git.started("cat-file", "--batch")

    def get(self, words: str) -> Object | None:
        """None where there is no such object."""
        if "\n" in words:  # one question is one line
            return None
        self._pipes.stdin.write(words.encode("utf-8", "surrogateescape") + b"\n")
        self._pipes.stdin.flush()
        header = self._pipes.stdout.readline()
        told = header.split()
        if len(told) != 3 or header.endswith((b" missing\n", b" ambiguous\n")) or not told[2].isdigit():
            self._refuse_end(header)
            return None
        content = self._pipes.stdout.read(int(told[2]) + 1)
        return Object(told[0].decode(), told[1].decode(), content[:-1])

    def _refuse_end(self, header: bytes) -> None:
        """What is damaged ends the program; what is missing does not."""
        if not header:
            _, said = self._pipes.finish()
            raise OutsideError(f"the repository cannot be read: {said.strip().removeprefix('fatal: ')}")

    def __enter__(self) -> Self:
        self._pipes.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._pipes.__exit__(kind, error, at)
