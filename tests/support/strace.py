"""Faults at a chosen system call of a program and its children: killed there, or told that the disk is full."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Command
from tests.support.services import require

CALLS = ("write", "fsync", "rename", "renameat", "renameat2", "openat")
# what a call on a regular file looks like, descriptors decoded: `write(3</the/path>, …`
_CALL = re.compile(r"(\d+) +(\w+)\((.*)")
_ON_FILE = re.compile(r"\d+</(?!dev/)")
_FOLLOWED = ("-qq", "-f", "--seccomp-bpf")
_CHANGING = re.compile(r"O_WRONLY|O_RDWR|O_CREAT")


@dataclass(frozen=True, order=True)
class Point:
    """The N-th call of a name: in the main thread, or with `everywhere` in whichever thread or child is there first."""

    call: str
    number: int
    everywhere: bool

    def starter(self, fault: str = "signal=KILL") -> Command:
        """Words that start a program and let the fault happen to it at this point."""
        inject = ("-e", f"trace={self.call}", "-e", f"inject={self.call}:{fault}:when={self.number}")
        # without seccomp: strace 6.1 loses count of calls with it
        followed = ("-f",) if self.everywhere else ()
        return (_strace(), "-qq", *followed, "-o", "/dev/null", *inject)


def recorder(log: Path) -> Command:
    """Words that start a program and note in `log` what it does to files."""
    return (_strace(), *_FOLLOWED, "-y", "-o", log, "-e", f"trace={','.join(CALLS)}")


def points(log: Path) -> tuple[Point, ...]:
    """Every point of a recorded run at which something about files changes."""
    return tuple(sorted(set(_points(log.read_text(errors="replace").splitlines()))))


def _points(lines: Iterable[str]) -> Iterator[Point]:
    counts: Counter[tuple[str, str]] = Counter()
    main = ""
    for match in filter(None, map(_CALL.match, lines)):
        thread, call, rest = match.groups()
        main = main or thread
        counts[thread, call] += 1
        if _changes(call, rest):
            number = counts[thread, call]
            yield Point(call, number, everywhere=True)
            if thread == main:
                yield Point(call, number, everywhere=False)


def _changes(call: str, rest: str) -> bool:
    if call == "openat":
        return bool(_CHANGING.search(rest))
    return call.startswith("rename") or bool(_ON_FILE.match(rest))


def _strace() -> str:
    return require("strace", "strace")


def socket_recorder(log: Path) -> Command:
    """Words that start a program and note in `log` which sockets it opens."""
    return (_strace(), *_FOLLOWED, "-o", log, "-e", "trace=socket")


def internet_sockets(log: Path) -> list[str]:
    """The sockets of a recorded run that could reach another machine."""
    return re.findall(r"socket\((AF_INET6?), .*", log.read_text())
