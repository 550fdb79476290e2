"""The bytes of one member of a wheel, read when they are wanted and checked as they pass.

A member is found by its offset, so that any number of threads can read one wheel, none of them waits, and
nothing stays open. `zipfile` reads the directory of the archive; this reads what the directory points to.
"""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Self

from envlock.errors import OutsideError

PIECE = 1 << 20
COMPRESSIONS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}

_LOCAL_HEADER = struct.Struct("<4s2xH18xHH")  # signature, flags, length of the name, length of the extra field
_SIGNATURE = b"PK\3\4"
_UTF8_NAME = 0x800


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMember:
    """A regular file inside a wheel: `packed` bytes at `offset`, `size` unpacked ones with checksum `crc`."""

    wheel: Path
    name: str
    size: int
    packed: int
    offset: int
    crc: int
    deflated: bool

    @classmethod
    def of(cls, wheel: Path, info: zipfile.ZipInfo) -> Self:
        return cls(
            wheel=wheel,
            name=info.filename,
            size=info.file_size,
            packed=info.compress_size,
            offset=info.header_offset,
            crc=info.CRC,
            deflated=info.compress_type == zipfile.ZIP_DEFLATED,
        )

    def chunks(self) -> Iterator[bytes]:
        """The bytes in pieces of at most 1 MiB; OutsideError where they are not what the directory says."""
        try:
            with self.wheel.open("rb", buffering=0) as file:
                yield from self._checked(self._pieces(file))
        except (OSError, zlib.error) as error:
            raise self._damaged(str(error)) from error

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def _pieces(self, file: IO[bytes]) -> Iterator[bytes]:
        file.seek(self.offset)
        header = file.read(_LOCAL_HEADER.size)
        if len(header) < _LOCAL_HEADER.size:
            raise self._damaged("it ends too early")
        signature, flags, name_length, extra_length = _LOCAL_HEADER.unpack(header)
        name = file.read(name_length).decode("utf-8" if flags & _UTF8_NAME else "cp437", errors="replace")
        if signature != _SIGNATURE or name != self.name:
            raise self._damaged("the directory of the archive and the file disagree")
        file.seek(extra_length, 1)
        packed = _limited(file, self.packed)
        return _inflated(packed) if self.deflated else packed

    def _checked(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        size = crc = 0
        for piece in pieces:
            size += len(piece)
            if size > self.size:
                raise self._damaged(f"it holds more than the {self.size} bytes it declares")
            crc = zlib.crc32(piece, crc)
            if piece:
                yield piece
        if size != self.size:
            raise self._damaged(f"it holds {size} of the {self.size} bytes it declares")
        if crc != self.crc:
            raise self._damaged("its checksum is wrong")

    def _damaged(self, why: str) -> OutsideError:
        return OutsideError(f"`{self.name}` in `{self.wheel.name}` is damaged: {why}")


def _limited(file: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (piece := file.read(min(PIECE, size))):
        size -= len(piece)
        yield piece


def _inflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Unpacks piece by piece; however well they are packed, no more than 1 MiB is unpacked at once."""
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    for piece in pieces:
        packed = piece
        while packed and not inflate.eof:
            yield inflate.decompress(packed, PIECE)
            packed = inflate.unconsumed_tail
    while not inflate.eof and (rest := inflate.decompress(b"", PIECE)):
        yield rest
