"""Pieces of files by their offsets, as those who read archives ask for them."""

import os
from pathlib import Path
from types import TracebackType
from typing import Self

WINDOW = 128 << 10


class NearReader:
    """The file that was read last stays open, and with a `window` what stands behind a small piece is read with it:
    most often it is asked for next. For one thread; to be closed."""

    def __init__(self, window: int = 0) -> None:
        self._size = window
        self._path: Path | None = None
        self._file = -1
        self._start = 0
        self._window = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def read(self, path: Path, offset: int, size: int) -> bytes:
        """So many bytes of a file; fewer where it ends."""
        if path != self._path:
            self._open(path)
        if size > self._size:
            return os.pread(self._file, size, offset)
        start = offset - self._start
        if start < 0 or start + size > len(self._window):
            self._window = os.pread(self._file, self._size, offset)
            self._start, start = offset, 0
        return self._window[start : start + size]

    def close(self) -> None:
        """Lets go of the file; whoever reads on opens it anew."""
        file, self._file, self._path, self._window = self._file, -1, None, b""
        if file >= 0:
            os.close(file)

    def _open(self, path: Path) -> None:
        self.close()
        self._file, self._path = os.open(path, os.O_RDONLY | os.O_CLOEXEC), path
