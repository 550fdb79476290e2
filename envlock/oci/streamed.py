"""A blob as it streams by: hashed, no longer than it is described, and out of gzip where it is in it."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from envlock.model.image import Descriptor
from envlock.oci.blob import BrokenBlob

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20
_FAILURES = (EOFError, gzip.BadGzipFile, zlib.error)


class Streamed(io.RawIOBase):
    """Pieces as a file, hashed as they are read; BrokenBlob from the first byte on that is not described."""

    def __init__(self, pieces: Iterator[bytes], size: int) -> None:
        self._pieces, self._size, self._rest = pieces, size, memoryview(b"")
        self._sha256 = hashlib.sha256()
        self.read_so_far = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._take(piece)
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._rest))
        view[:count], self._rest = self._rest[:count], self._rest[count:]
        return count

    def drain(self) -> None:
        """Reads what is left, for its hash."""
        self._rest = memoryview(b"")
        for piece in self._pieces:
            self._take(piece)
        self._rest = memoryview(b"")

    def _take(self, piece: bytes) -> None:
        self.read_so_far += len(piece)
        if self.read_so_far > self._size:
            raise BrokenBlob(f"it has more than the {self._size} bytes that are described")
        self._sha256.update(piece)
        self._rest = memoryview(piece)


def plain(stream: Streamed) -> IO[bytes]:
    """Its bytes as they are."""
    return io.BufferedReader(stream, PIECE)


def gunzipped(stream: Streamed) -> IO[bytes]:
    """What is packed in it; what reads that is to be `unpacking`."""
    return gzip.GzipFile(fileobj=plain(stream))  # type: ignore[return-value]  # it is one but for its name


@contextmanager
def unpacking(*failures: type[Exception]) -> Iterator[None]:
    """BrokenBlob for bytes that are not packed as they should be, or end too soon."""
    expected: tuple[type[Exception], ...] = (*_FAILURES, *failures)
    try:
        yield
    except expected as error:
        raise BrokenBlob(f"it cannot be unpacked ({error or 'it ends too soon'})") from error


def require_described(stream: Streamed, layer: Descriptor) -> None:
    """BrokenBlob where what was read whole is not the blob that is described."""
    if stream.read_so_far != layer.size:
        raise BrokenBlob(f"it has {stream.read_so_far} of the {layer.size} bytes that are described")
    if stream.digest != layer.digest:
        raise BrokenBlob(f"the bytes of `{layer.digest}` are {stream.digest}")
