"""The archives within a .deb, decompressed piece by piece and no further than a limit: a bomb ends here."""

import gzip
import io
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO

import zstandard

from envlock.debian.deb_parts import Part
from envlock.errors import OutsideError

PIECE = 1 << 20
# what no real package comes near: locales pack 30 to 1, an archive of zeros 7000 to 1 by xz and more by zstd
MOST_RATIO = 500
ALWAYS = 64 << 20  # bytes that any archive may have
MOST = 16 << 30  # bytes that none may exceed
_MOST_MEMORY = 192 << 20  # of a decompressor; the largest dictionaries that dpkg-deb makes take a third of it
_BROKEN = (lzma.LZMAError, zlib.error, zstandard.ZstdError, gzip.BadGzipFile, EOFError)


def plain_pieces(file: IO[bytes], part: Part, *, most: int = MOST) -> Iterator[bytes]:
    """The bytes of an archive, decompressed as its name says; OutsideError for a broken one, or one too large."""
    limit = min(most, max(ALWAYS, part.size * MOST_RATIO))
    opener = _OPENERS.get(part.name.partition(".tar")[2])
    if opener is None:
        raise OutsideError(f"its `{part.name}` is compressed in a way that is not known: gz, xz, zst and none are")
    size = 0
    section = Section(file, part)
    try:
        stream = opener(section)
        while piece := stream.read(PIECE):
            size += len(piece)
            if size > limit:
                raise OutsideError(f"its `{part.name}` unpacks to more than {limit >> 20} MiB, from {part.size} bytes")
            yield piece
    except _BROKEN as error:
        raise OutsideError(f"its `{part.name}` is broken ({error})") from error
    if section.tell() != part.size:
        raise OutsideError(f"its `{part.name}` goes on behind its end")


class Section(io.RawIOBase):
    """A part of a file as one that ends where the part does; EOFError where the file ends before."""

    def __init__(self, file: IO[bytes], part: Part) -> None:
        self._file, self._start, self._size, self._at = file, part.offset, part.size, 0

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, _whence: int = io.SEEK_SET) -> int:
        self._at = min(offset, self._size)
        return self._at

    def readinto(self, buffer: "memoryview[int]") -> int:  # type: ignore[override]  # as io.RawIOBase has it in practice
        wanted = min(len(buffer), self._size - self._at)
        self._file.seek(self._start + self._at)
        piece = self._file.read(wanted)
        if wanted and not piece:
            raise EOFError("it ends too soon")
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


class _Xz:
    """The one stream of an .xz file, with bounded memory, which lzma.LZMAFile does not offer."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._decompressor = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MOST_MEMORY)

    def read(self, count: int) -> bytes:
        while not self._decompressor.eof:
            packed = self._section.read(PIECE >> 2) if self._decompressor.needs_input else b""
            if self._decompressor.needs_input and not packed:
                raise EOFError("it ends too soon")
            if piece := self._decompressor.decompress(packed or b"", count):
                return piece
        if self._decompressor.unused_data.strip(b"\0"):
            raise lzma.LZMAError("something follows its end")
        return b""


class _Zstd:
    """The one frame of a .zst file. A kilobyte of it gives 32 MiB at the very most, so no more goes in at a time."""

    def __init__(self, section: Section) -> None:
        self._section = section
        self._decompressor = zstandard.ZstdDecompressor(max_window_size=_MOST_MEMORY >> 1).decompressobj()

    def read(self, _count: int) -> bytes:
        while not self._decompressor.eof:
            packed = self._section.read(1 << 10)
            if not packed:
                raise EOFError("it ends too soon")
            if piece := self._decompressor.decompress(packed):
                return piece
        if self._decompressor.unused_data:
            raise zstandard.ZstdError("something follows its end")
        return b""


def _gzip(section: Section) -> IO[bytes]:
    return gzip.GzipFile(fileobj=section, mode="rb")  # type: ignore[return-value]  # it is one but for its name


_OPENERS: Mapping[str, Callable[[Section], "IO[bytes] | _Xz | _Zstd"]] = {
    "": io.BufferedReader,
    ".gz": _gzip,
    ".xz": _Xz,
    ".zst": _Zstd,
}
