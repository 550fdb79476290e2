"""Who uses a cache right now, and when something in it was used last: for those who clean it.

Everybody who works with a cache holds one lock, shared by all; who cleans holds it alone. A command that runs in a
prefix goes on without it: for as long as it runs, the prefix itself is held. The operating system gives such locks
back when a process ends, also by kill -9.

What is used gets the time of it as its own, once a day: access times are switched off, or kept roughly, on most disks.
"""

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_DAY = 24 * 60 * 60
_LINKS = ("exe", "cwd")
_TEXTS = ("environ", "cmdline", "maps")


def used(path: Path) -> None:
    """Notes that a file or folder of the cache is used; nothing happens where it cannot be noted."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)


class Users:
    """The lock of those who use one cache, by the file it is."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    @contextmanager
    def among(self) -> Iterator[None]:
        """While inside, until `leave`, nothing is cleaned away; nothing happens where no lock can be had."""
        with suppress(OSError):  # nobody cleans what cannot be written, either
            self._held = _opened(self._path)
            fcntl.flock(self._held, fcntl.LOCK_SH)
        try:
            yield
        finally:
            self.leave()

    def leave(self) -> None:
        """Gives the lock back, early or again."""
        held, self._held = self._held, None
        if held is not None:
            os.close(held)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """While inside, nobody else uses the cache; whoever does is waited for."""
        descriptor = _opened(self._path)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def others(self) -> bool:
        """Is somebody at work?"""
        return is_held(self._path)


def _opened(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDONLY | os.O_CREAT, 0o666)


@contextmanager
def held(path: Path) -> Iterator[None]:
    """While inside, a file is said to be in use, by any number of processes at once."""
    with path.open("rb") as file:
        with suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_SH)
        yield


def is_held(path: Path) -> bool:
    """Is a file or folder in use, as far as can be told? One that is not there is not."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def at_work_in(parent: Path) -> set[str]:
    """The folders in `parent`, by name, that some process was started from, works in or has in its environment.

    Empty where the system does not tell (it does so by /proc), and without what it does not tell us of others.
    """
    inside = re.compile(re.escape(os.fsencode(parent.resolve())) + rb"/([^/:\0\s]+)")
    found: set[str] = set()
    for process in Path("/proc").glob("[0-9]*"):
        for said in _said_of(process):
            found.update(os.fsdecode(name) for name in inside.findall(said))
    return found


def _said_of(process: Path) -> Iterator[bytes]:
    for name in _LINKS:
        with suppress(OSError):
            yield bytes((process / name).readlink())
    for name in _TEXTS:
        with suppress(OSError):
            yield (process / name).read_bytes()
