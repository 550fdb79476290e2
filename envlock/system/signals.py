"""Signals that end us, without leaving behind what we were at."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ended_as_by_ctrl_c() -> Iterator[list[int]]:
    """While inside, signals that end a program raise KeyboardInterrupt, so that it cleans up behind itself.

    They are noted in the list. A second one ends us at once, and those that we were told to ignore stay ignored.
    """
    came: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        came.append(number)
        raise KeyboardInterrupt

    heard = [number for number in _ENDING if signal.getsignal(number) is signal.SIG_DFL]
    for number in heard:
        signal.signal(number, interrupt)
    try:
        yield came
    finally:
        for number in heard:
            signal.signal(number, signal.SIG_DFL)


def end_ourselves_by(number: int) -> None:
    """As if the signal had never been caught: whoever started us sees by what we ended."""
    os.kill(os.getpid(), number)
