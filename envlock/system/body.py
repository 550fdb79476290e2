"""What is sent to a server, and a small answer of it, as plain values: nothing needs an HTTP library to hold one."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from envlock.errors import OutsideError


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes, with what tells them from later ones at the same place: both are sent back, to hear of changes."""

    data: bytes
    etag: str | None = None
    modified: str | None = None


# the answer that nothing changed
UNCHANGED = Body(data=b"")


@dataclass(frozen=True, slots=True)
class Streamed:
    """A body of `size` bytes that is not kept in memory; its pieces are made anew for each try."""

    pieces: Callable[[], Iterator[bytes]]
    size: int

    def __len__(self) -> int:
        return self.size

    def __bool__(self) -> bool:
        return True  # an empty one is a body, too

    def __iter__(self) -> Iterator[bytes]:
        sent = 0
        for piece in self.pieces():
            sent += len(piece)
            if sent > self.size:
                break
            yield piece
        if sent != self.size:
            raise OutsideError(f"what is to be sent does not have the {self.size} bytes it should")
