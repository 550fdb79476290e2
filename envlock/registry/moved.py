"""Blobs on their way, several at a time: how far they are, and one failure that ends them all."""

from collections.abc import Callable, Iterator, Sequence
from threading import Event, Lock
from typing import TypeVar

from envlock.errors import EnvlockError
from envlock.system.side_by_side import side_by_side
from envlock.system.wanted import refuse_unwanted, until

Item = TypeVar("Item")
Result = TypeVar("Result")

# told what is done, how many bytes of it have been moved, and how many there are; from several threads
Moved = Callable[[str, int, int], None]
AT_ONCE = 6  # each holds a piece or two in memory


def unseen(_what: str, _done: int, _of: int) -> None:
    """Nobody looks on."""


class Moves:
    """What is being moved together: the bytes of all, of which `moved` is told."""

    def __init__(self, what: str, moved: Moved, of: int) -> None:
        self._what, self._moved, self._of = what, moved, of
        self._lock = Lock()
        self._done = 0
        self.sent = 0  # also what has to be moved again
        if of:
            moved(what, 0, of)

    def seen(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """The pieces, counted as they pass, until all are to stop. Those of a transfer that fails do not count."""
        come, ended = 0, False
        try:
            for piece in pieces:
                refuse_unwanted()
                yield piece
                come += len(piece)
                self.add(len(piece), sent=len(piece))
            ended = True
        finally:
            if not ended:
                self.add(-come)

    def add(self, more: int, *, sent: int = 0) -> None:
        with self._lock:
            self._done += more
            self.sent += sent
            self._moved(self._what, self._done, self._of)


def together(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """The results of `work`, in the order of `items`. The first failure, or Ctrl-C, ends what is under way."""
    stopped = Event()
    failures: list[BaseException] = []

    def one(item: Item) -> Result:
        try:
            with until(stopped):
                return work(item)
        except BaseException as failure:
            failures.append(failure)
            stopped.set()
            raise

    try:
        return side_by_side(one, items, stop=stopped.set, at_once=AT_ONCE)
    except EnvlockError:
        raise failures[0] from None  # the others may have failed of being stopped
