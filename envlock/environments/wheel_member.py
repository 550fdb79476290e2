"""The bytes of one member of a wheel, read when they are wanted and checked as they pass.

A member is found by its offset, so that any number of threads can read one wheel, and none of them waits.
`zipfile` reads the directory of the archive; this reads what the directory points to. Members of usual size are
unpacked and checked in one go by libdeflate, larger ones piece by piece by isal.
"""

import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, cast

import deflate
from isal import isal_zlib

from envlock.errors import OutsideError
from envlock.model.files import Deflatable, Deflation, Reader
from envlock.system.near import NearReader

PIECE = 1 << 20
AT_ONCE = 8 << 20  # bytes, packed and unpacked, up to which a member is unpacked in one go: bounds memory
COMPRESSIONS = {zipfile.ZIP_STORED: "stored", zipfile.ZIP_DEFLATED: "deflated"}

_GZIP_HEADER = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_LOCAL_HEADER = struct.Struct("<4s2xH18xHH")  # signature, flags, length of the name, length of the extra field
_SIGNATURE = b"PK\3\4"
_UTF8_NAME = 0x800
_EXTRA = 256  # bytes of the extra field that are read ahead; a longer one only costs a second read


class _Damage(Exception):
    """What is wrong with a stream, found by us and not by the library."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMember(Deflatable):
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
        with NearReader() as reader:
            yield from (plain for _, plain in self._pairs(reader) if plain)

    def read(self) -> bytes:
        return b"".join(self.chunks())

    def deflation(self, reader: Reader) -> Deflation | None:
        """The member as the archive keeps it, checked like `chunks`; None where it is not compressed there."""
        return Deflation(crc=self.crc, packed=self.packed, pairs=self._pairs(reader)) if self.deflated else None

    def _pairs(self, reader: Reader) -> Iterator[tuple[bytes, bytes]]:
        """Pieces of the stored bytes, each with the plain bytes that come out of it."""
        try:
            # told that nothing comes out, the library does not look
            if self.deflated and self.size and max(self.size, self.packed) <= AT_ONCE:
                stored = next(self._stored(reader, AT_ONCE))
                if (plain := self._at_once(stored)) is not None:
                    yield stored, plain
                    return
            pieces = self._stored(reader, PIECE)
            yield from self._checked(_inflated(pieces) if self.deflated else ((piece, piece) for piece in pieces))
        except (OSError, _Damage, isal_zlib.IsalError) as error:  # type: ignore[misc]  # its stub names an instance
            raise self._damaged(str(error)) from error

    def _at_once(self, stored: bytes) -> bytes | None:
        """All of the plain bytes, checked; None where something is wrong, and the slow way is to say what."""
        end = struct.pack("<LL", self.crc, self.size)
        member = b"".join((_GZIP_HEADER, stored, end))
        # the library takes what stands behind the first such end for another member, and leaves it
        if len(stored) != self.packed or member.find(end, len(_GZIP_HEADER)) != len(member) - len(end):
            return None
        try:
            plain = deflate.gzip_decompress(member, self.size)
        except deflate.DeflateError:
            return None
        return cast(bytes, plain) if len(plain) == self.size else None  # a bytearray nobody else has: not copied

    def _stored(self, reader: Reader, most: int) -> Iterator[bytes]:
        """The stored bytes, in pieces of `most` of them; the header before them is read together with the first."""
        ahead = _LOCAL_HEADER.size + 4 * len(self.name) + _EXTRA  # a character has at most 4 bytes
        try:
            window = reader.read(self.wheel, self.offset, ahead + min(self.packed, most))
        except OverflowError:  # so far away that no file reaches there
            window = b""
        if len(window) < _LOCAL_HEADER.size:
            raise self._damaged("it ends too early")
        signature, flags, name_length, extra_length = _LOCAL_HEADER.unpack_from(window)
        start = _LOCAL_HEADER.size + name_length
        name = window[_LOCAL_HEADER.size : start].decode("utf-8" if flags & _UTF8_NAME else "cp437", errors="replace")
        if signature != _SIGNATURE or name != self.name:
            raise self._damaged("the directory of the archive and the file disagree")
        start += extra_length
        first = window[start : start + self.packed]
        yield first
        place, end = self.offset + start + len(first), self.offset + start + self.packed
        while place < end and (piece := reader.read(self.wheel, place, min(most, end - place))):
            yield piece
            place += len(piece)

    def _checked(self, pairs: Iterator[tuple[bytes, bytes]]) -> Iterator[tuple[bytes, bytes]]:
        size = crc = packed = 0
        for stored, plain in pairs:
            packed += len(stored)
            size += len(plain)
            if size > self.size:
                raise self._damaged(f"it holds more than the {self.size} bytes it declares")
            crc = isal_zlib.crc32(plain, crc)
            yield stored, plain
        if (size, packed) != (self.size, self.packed):
            raise self._damaged(f"it holds {size} of the {self.size} bytes it declares")
        if crc != self.crc:
            raise self._damaged("its checksum is wrong")

    def _damaged(self, why: str) -> OutsideError:
        return OutsideError(f"`{self.name}` in `{self.wheel.name}` is damaged: {why}")


def _inflated(pieces: Iterator[bytes]) -> Iterator[tuple[bytes, bytes]]:
    """Unpacks piece by piece; however well they are packed, no more than 1 MiB is unpacked at once.

    Nothing may stand behind the end of the stream: what is kept as it is would not be what comes out of it.
    """
    inflate = isal_zlib.decompressobj(-isal_zlib.MAX_WBITS)
    for piece in pieces:
        yield piece, inflate.decompress(piece, PIECE)
        while inflate.unconsumed_tail and not inflate.eof:
            yield b"", inflate.decompress(inflate.unconsumed_tail, PIECE)
        if inflate.unused_data or (inflate.eof and inflate.unconsumed_tail):
            raise _Damage("there are bytes behind its end")
    while not inflate.eof and (rest := inflate.decompress(b"", PIECE)):
        yield b"", rest
    if not inflate.eof:
        raise _Damage("it ends too early")
