"""A file on a server as one that can be read anywhere, a few pieces at a time: for what stands at a wheel's end."""

import io
from collections.abc import Callable

# what is asked for at once: a wheel's directory and its METADATA lie together at its end, mostly within this
PIECE = 64 << 10
_MOST = 16 << 20

# (first byte, end) -> the bytes between them
GetBytes = Callable[[int, int], bytes]


class DistantFile(io.RawIOBase):
    """`size` bytes, got by `get` as they are needed; EOFError where more is read than a glance takes."""

    def __init__(self, size: int, get: GetBytes) -> None:
        self._size, self._get = size, get
        self._at, self._read = 0, 0
        self._start, self._held = size, b""  # the piece that is here, and where it begins

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, target: memoryview) -> int:  # type: ignore[override]
        end = min(self._at + len(target), self._size)
        if end <= self._at:
            return 0
        if not (self._start <= self._at and end <= self._start + len(self._held)):
            self._load(self._at, end)
        first = self._at - self._start
        data = self._held[first : first + end - self._at]
        target[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _load(self, first: int, end: int) -> None:
        """Gets what is wanted and, as far as a piece goes, what stands before the file's end or behind the wanted."""
        start = max(0, min(first, self._size - PIECE)) if end > self._size - PIECE else first
        end = min(self._size, max(end, start + PIECE))
        self._read += end - start
        if self._read > _MOST:
            raise EOFError
        self._start, self._held = start, self._get(start, end)
