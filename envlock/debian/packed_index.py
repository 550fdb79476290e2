"""An index as it was compressed: unpacked once, into nothing, before anybody reads it."""

import gzip
import hashlib
import lzma
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import IO

from envlock.debian.release import Listed
from envlock.errors import OutsideError

_PIECE = 1 << 20
_MEMORY = 128 << 20  # bytes that unpacking may take: `xz -9` asks for 65 MiB
_MOST = 1 << 30  # bytes of an index whose plain size nobody tells
_BROKEN = (lzma.LZMAError, zlib.error, gzip.BadGzipFile, EOFError)


def require_unpacked(file: IO[bytes], *, form: str, plain: Listed | None, name: str) -> None:
    """OutsideError where a compressed `file` (`form` is ".xz", ".gz" or "") does not unpack into what is listed for
    the plain one, or into more; no more than that is ever unpacked, and never more than a piece held."""
    limit = plain.size if plain else _MOST
    total, sha256 = 0, hashlib.sha256()
    file.seek(0)
    try:
        for piece in _STREAMS[form](file):
            total += len(piece)
            if total > limit:
                raise OutsideError(f"`{name}` unpacks into more than the {limit} bytes that its release names")
            sha256.update(piece)
    except _BROKEN as error:
        raise OutsideError(f"`{name}` cannot be unpacked: {error}") from None
    if plain and (total, sha256.hexdigest()) != (plain.size, plain.sha256):
        raise OutsideError(f"`{name}` does not unpack into what its release names")


def _plain(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _xz(file: IO[bytes]) -> Iterator[bytes]:
    """One stream or several, one after the other, as lzma.LZMAFile, which does not bound memory, reads them."""
    packed = file.read(_PIECE)
    while packed:
        stream = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_MEMORY)
        while not stream.eof:
            yield stream.decompress(packed, _PIECE)
            packed = file.read(_PIECE) if stream.needs_input else b""
            if stream.needs_input and not packed and not stream.eof:
                raise EOFError("it ends too soon")
        packed = stream.unused_data or file.read(_PIECE)


def _gz(file: IO[bytes]) -> Iterator[bytes]:
    yield from _plain(gzip.GzipFile(fileobj=file, mode="rb"))  # type: ignore[arg-type]  # it is one but for its name


_STREAMS: Mapping[str, Callable[[IO[bytes]], Iterator[bytes]]] = {"": _plain, ".gz": _gz, ".xz": _xz}
