"""One layer of an image: the tar inside its blob, listed and read as a stream."""

import enum
import gzip
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.oci.layout import Layout

_PIECE = 1 << 20


class Kind(enum.Enum):
    FILE = enum.auto()
    DIRECTORY = enum.auto()
    SYMLINK = enum.auto()
    HARDLINK = enum.auto()
    OTHER = enum.auto()  # devices, pipes, sparse files: there, but not to be read


@dataclass(frozen=True, slots=True)
class Entry:
    """A member of a layer: its path in parts, and where in the uncompressed tar its bytes are.

    `target` is a symbolic link's text as it stands, or a hard link's path.
    """

    parts: tuple[str, ...]
    kind: Kind
    target: str
    offset: int
    size: int


def entries(layout: Layout, layer: Descriptor) -> Iterator[Entry]:
    """The members of a layer in its order; OutsideError where it is broken or names a path outside the root."""
    with _opened(layout, layer) as stream, tarfile.open(fileobj=stream, mode="r|", bufsize=_PIECE) as archive:
        while (member := archive.next()) is not None:
            archive.members.clear()  # type: ignore[attr-defined]  # tarfile would keep them all
            yield _entry(member, layer)


def member_bytes(layout: Layout, layer: Descriptor, entry: Entry) -> Iterator[bytes]:
    """The bytes of a file of a layer, in pieces."""
    with _opened(layout, layer) as stream:
        _skip(stream, entry.offset)
        missing = entry.size
        while missing:
            piece = stream.read(min(_PIECE, missing))
            if not piece:
                raise EOFError("it ends too soon")
            missing -= len(piece)
            yield piece


def inner_parts(name: str, layer: Descriptor) -> tuple[str, ...]:
    """A path inside a layer as parts; OutsideError for one that would leave the root."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if ".." in parts or (name.startswith("/") and parts):
        raise OutsideError(f"layer `{layer.digest}` names `{name}`, which is outside of the image")
    return parts


@contextmanager
def _opened(layout: Layout, layer: Descriptor) -> Iterator[IO[bytes]]:
    """The uncompressed tar of a layer."""
    opener = _OPENERS.get(layer.media_type.rpartition(".")[2].rpartition("+")[2])
    if opener is None:
        raise OutsideError(
            f"layer `{layer.digest}` is `{layer.media_type}`, which cannot be looked into",
            hint="choose a base with gzip layers (zstd is not supported), or convert it with "
            "`skopeo copy --dest-compress-format gzip`",
        )
    try:
        with opener(layout.blob_path(layer.digest)) as stream:
            yield stream
    except (OSError, EOFError, zlib.error, tarfile.TarError) as error:
        raise OutsideError(f"layer `{layer.digest}` cannot be read ({error})") from error


def _plain(path: Path) -> IO[bytes]:
    return path.open("rb")


def _gzip(path: Path) -> IO[bytes]:
    return gzip.open(path)  # type: ignore[return-value]  # it is one but for its name


# by the end of the media type: Docker writes `….diff.tar.gzip`, OCI `….tar+gzip`
_OPENERS = {"tar": _plain, "gzip": _gzip}


def _skip(stream: IO[bytes], count: int) -> None:
    while count > 0 and (piece := stream.read(min(_PIECE, count))):
        count -= len(piece)


def _entry(member: tarfile.TarInfo, layer: Descriptor) -> Entry:
    kind = _kind(member)
    if kind is Kind.HARDLINK:
        inner_parts(member.linkname, layer)
    size = member.size if kind is Kind.FILE else 0
    target = member.linkname if kind in (Kind.SYMLINK, Kind.HARDLINK) else ""
    return Entry(inner_parts(member.name, layer), kind, target, member.offset_data, size)


def _kind(member: tarfile.TarInfo) -> Kind:
    if member.issparse():
        return Kind.OTHER
    tests = (
        (member.isreg(), Kind.FILE),
        (member.isdir(), Kind.DIRECTORY),
        (member.issym(), Kind.SYMLINK),
        (member.islnk(), Kind.HARDLINK),
    )
    return next((kind for true, kind in tests if true), Kind.OTHER)
