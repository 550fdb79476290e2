"""Files as they will stand in an environment's prefix, wherever their bytes come from."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

EXECUTABLE = 0o755
PLAIN = 0o644
# where the environment lies inside an image
IMAGE_PREFIX = "/opt/env"
WHITEOUT = ".wh."  # a name that would delete what lies in the layers below


class Content(Protocol):
    """Bytes that can be read again and again, in pieces, without holding them all."""

    @property
    def size(self) -> int: ...
    def chunks(self) -> Iterator[bytes]: ...


class Reader(Protocol):
    """Reads files by offsets, for several contents one after the other."""

    def read(self, path: Path, offset: int, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Deflation:
    """A content as the raw DEFLATE stream (RFC 1951) that it is kept as, whole and nothing behind it.

    `crc` is the CRC-32 of the plain bytes, `packed` the length of the stream. `pairs` gives pieces of the stream,
    each with the plain bytes that come out of it; reading it to the end checks all of that.
    """

    crc: int
    packed: int
    pairs: Iterator[tuple[bytes, bytes]]


class Deflatable(ABC):
    """Content that may be had as it is kept, so that nobody compresses it again."""

    __slots__ = ()
    size: int

    @abstractmethod
    def chunks(self) -> Iterator[bytes]: ...

    @abstractmethod
    def deflation(self, reader: Reader) -> Deflation | None: ...


@dataclass(frozen=True, slots=True)
class Inline:
    """Bytes at hand, for what envlock writes itself."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    def chunks(self) -> Iterator[bytes]:
        yield self.data


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixFile:
    """A regular file (`content`) or a symbolic link (`link`), by its path below the prefix.

    `path` is relative, with forward slashes, normalised and without `..`.
    """

    path: str
    content: Content | None = None
    link: str | None = None
    executable: bool = False

    # what belongs to the root user, whoever unpacks it
    uid = 0
    gid = 0
    hardlink = None
    is_folder = False

    @property
    def mode(self) -> int:
        return EXECUTABLE if self.executable or self.link is not None else PLAIN

    @property
    def size(self) -> int:
        return self.content.size if self.content else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemFile:
    """A member of a root file system, by its path below the root: relative, normalised, without `..`.

    One of: a regular file (`content`), a symbolic link (`link`), another name of the regular file at the path
    `hardlink` in the same layer, or a folder (`is_folder`). `mode` is permission bits, with setuid and the like.
    """

    path: str
    mode: int
    uid: int = 0
    gid: int = 0
    content: Content | None = None
    link: str | None = None
    hardlink: str | None = None
    is_folder: bool = False

    @property
    def size(self) -> int:
        return self.content.size if self.content else 0
