"""The memory of a tree of processes, looked at many times a second."""

import threading
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

INTERVAL = 0.01  # seconds


class Watch:
    """While inside, `most` is the largest sum of resident memory of a process's descendants, in bytes."""

    def __init__(self, process: int, *, wanted: bool) -> None:
        self.most = 0
        self._process = process
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look) if wanted else None

    def __enter__(self) -> "Watch":
        if self._thread:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._thread:
            self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(INTERVAL):
            self.most = max(self.most, sum(resident(process) for process in descendants(self._process)))


def descendants(process: int) -> Iterator[int]:
    """All processes that it started, and that those started, as far as they still run."""
    for children in Path(f"/proc/{process}/task").glob("*/children"):
        for child in _read(children).split():
            yield int(child)
            yield from descendants(int(child))


def resident(process: int) -> int:
    """Bytes of memory that a process holds now; 0 when it has ended."""
    for line in _read(Path(f"/proc/{process}/status")).splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    return 0


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # it ended just now
        return ""
