"""Is what a thread is at still wanted? Whoever has several do something together may end them all."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Event

from envlock.errors import Interrupted

_stopped: ContextVar[Event | None] = ContextVar("stopped", default=None)


@contextmanager
def until(stopped: Event) -> Iterator[None]:
    """What this thread does inside ends soon after `stopped` is set: whatever waits there looks at it."""
    before = _stopped.set(stopped)
    try:
        yield
    finally:
        _stopped.reset(before)


def stopped_here() -> Event | None:
    """What ends what this thread is at, if anything does."""
    return _stopped.get()


def refuse_unwanted() -> None:
    """Interrupted where it is to end."""
    stopped = stopped_here()
    if stopped and stopped.is_set():
        raise Interrupted("stopped, because another transfer failed")
