"""A layer's tar out of its blob as it streams by: hashed, bounded, whatever it was compressed with."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

import zstandard

from envlock.model.image import LAYER_TYPE, Descriptor
from envlock.oci.blob import BrokenBlob

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

PIECE = 1 << 20
PLAIN_TYPE = "application/vnd.oci.image.layer.v1.tar"
ZSTD_TYPE = f"{PLAIN_TYPE}+zstd"
_WINDOW = 128 << 20  # bytes of memory that a zstd stream may ask for: what its own program allows
_FAILURES = (EOFError, gzip.BadGzipFile, zlib.error, zstandard.ZstdError)


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


@contextmanager
def opened(stream: Streamed, media_type: str) -> Iterator[IO[bytes]]:
    """The uncompressed bytes; BrokenBlob where they are not of the media type, or end too soon."""
    opener = _OPENERS.get(media_type)
    if opener is None:
        raise BrokenBlob(f"its media type is `{media_type}`, which cannot be looked into")
    with _unpacking():
        yield opener(stream)


@contextmanager
def gunzipped(stream: Streamed, *, is_packed: bool) -> Iterator[IO[bytes]]:
    """A document that is stored as it is, or `is_packed` by gzip."""
    with _unpacking():
        yield _gzip(stream) if is_packed else _plain(stream)


@contextmanager
def _unpacking() -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise BrokenBlob(f"it cannot be unpacked ({error or 'it ends too soon'})") from error


def require_described(stream: Streamed, layer: Descriptor) -> None:
    """BrokenBlob where what was read whole is not the blob that is described."""
    if stream.read_so_far != layer.size:
        raise BrokenBlob(f"it has {stream.read_so_far} of the {layer.size} bytes that are described")
    if stream.digest != layer.digest:
        raise BrokenBlob(f"the bytes of `{layer.digest}` are {stream.digest}")


def _plain(stream: Streamed) -> IO[bytes]:
    return io.BufferedReader(stream, PIECE)


def _gzip(stream: Streamed) -> IO[bytes]:
    return gzip.GzipFile(fileobj=io.BufferedReader(stream, PIECE))  # type: ignore[return-value]  # but for its name


def _zstd(stream: Streamed) -> IO[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=_WINDOW)
    return decompressor.stream_reader(io.BufferedReader(stream, PIECE), read_across_frames=True)


_OPENERS: Mapping[str, Callable[[Streamed], IO[bytes]]] = {LAYER_TYPE: _gzip, PLAIN_TYPE: _plain, ZSTD_TYPE: _zstd}
