"""Git's objects by the git program, asked for one after the other of one process."""

from collections.abc import Iterator
from types import TracebackType
from typing import NamedTuple, Self

from envlock.errors import OutsideError
from envlock.history.git_program import Git

_PIECE = 1 << 20


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
        header = self._header(words)
        if header is None:
            return None
        id, kind, size = header
        return Object(id, kind, self._read(size + 1)[:-1])

    def pieces(self, id: str) -> Iterator[bytes] | None:
        """The bytes of an object, to be read to their end; None where there is no such object."""
        header = self._header(id)
        return self._pieces(header[2]) if header else None

    def small(self, id: str, most: int) -> bytes | None:
        """The bytes of an object; None where they are more, or there is no such object."""
        header = self._header(id)
        if header is None:
            return None
        if header[2] <= most:
            return b"".join(self._pieces(header[2]))
        for _ in self._pieces(header[2]):
            """Read, for the next answer comes behind it."""
        return None

    def _pieces(self, size: int) -> Iterator[bytes]:
        for start in range(0, size, _PIECE):
            yield self._read(min(_PIECE, size - start))
        self._read(1)

    def _read(self, size: int) -> bytes:
        data = self._pipes.stdout.read(size)
        if len(data) < size:
            self._refuse_end(b"")
        return data

    def _header(self, words: str) -> tuple[str, str, int] | None:
        """Id, kind and size of an object, whose bytes and one more come next."""
        if "\n" in words:  # one question is one line
            return None
        self._pipes.stdin.write(words.encode("utf-8", "surrogateescape") + b"\n")
        self._pipes.stdin.flush()
        header = self._pipes.stdout.readline()
        told = header.split()
        if len(told) != 3 or header.endswith((b" missing\n", b" ambiguous\n")) or not told[2].isdigit():
            self._refuse_end(header)
            return None
        return told[0].decode(), told[1].decode(), int(told[2])

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
