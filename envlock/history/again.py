"""What others hold at this moment, or were quicker with, is tried again, and not by all of them at the same moment."""

import random
import time
from collections.abc import Callable, Iterator

from envlock.history.repository import Busy, Repository

_PAUSE = 0.03  # seconds, at most, between two looks at a reference


def spaced(tries: int, pause: float) -> Iterator[int]:
    """Numbers of tries, from 0 on, with pauses of random length between them, longer each time."""
    for number in range(tries):
        if number:
            time.sleep(random.uniform(0, pause * number))
        yield number


def move(
    repository: Repository, reference: str, made: Callable[[str | None], str | None], *, why: str, patience: float = 2.0
) -> str | None:
    """Sets a reference to what is made of what it is; whoever moves it meanwhile, nothing of it is lost. What it is
    then. Busy where it is held, or others are quicker, for more than `patience` seconds."""
    last = time.monotonic() + patience
    old = repository.reference(reference)
    new = made(old)
    while True:
        failure = Busy(f"`{reference}` is moved by others all the time", hint="try again")
        try:
            if new == old or repository.move(reference, old=old, new=new, why=why):
                return new
        except Busy as error:
            failure = error
        if time.monotonic() > last:
            raise failure
        time.sleep(random.uniform(0, _PAUSE))
        if (now := repository.reference(reference)) != old:
            old, new = now, made(now)
