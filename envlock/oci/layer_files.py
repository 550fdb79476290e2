"""Which files of a layer are not those of another: both are streamed, and only facts of the expected one are kept."""

import hashlib
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO, NamedTuple

from envlock.model.image import Descriptor
from envlock.oci.blob import BrokenBlob
from envlock.oci.bounded_tar import BoundedHeader
from envlock.oci.layer_check import Pieces, limit
from envlock.oci.opened import opened
from envlock.oci.streamed import PIECE, Streamed

SHOWN = 10


class _Facts(NamedTuple):
    """All that an entry of a tar is beyond its path."""

    kind: bytes
    mode: int
    owner: tuple[int, int, str, str]
    time: float
    link: str
    extended: tuple[tuple[str, str], ...]
    content: bytes


@dataclass(slots=True)
class FileDifferences:
    """The first paths of each kind of difference, and how many there are in all."""

    count: int = 0
    first: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, path: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append((what, path))


def file_differences(
    found: tuple[Descriptor, Pieces], expected: tuple[Descriptor, Pieces] | None
) -> tuple[FileDifferences, str | None]:
    """What differs, is added and missing in a layer; and why it could not be read to its end, where it could not.

    Without `expected` every file is one too many.
    """
    differences = FileDifferences()
    left = {path: facts for path, facts in _entries(*expected)} if expected else {}
    try:
        for path, facts in _entries(*found):
            known = left.pop(path, None)
            if known is None:
                differences.add("added", path)
            elif known != facts:
                differences.add(_what(known, facts), path)
    except BrokenBlob as error:
        return differences, error.message
    for path in left:
        differences.add("missing", path)
    return differences, None


def _what(expected: _Facts, found: _Facts) -> str:
    """Content is what counts most; then what the file is, and whose."""
    if (found.kind, found.content, found.link) != (expected.kind, expected.content, expected.link):
        return "differs"
    if found.mode != expected.mode:
        return f"mode {found.mode:04o} instead of {expected.mode:04o}"
    return "owner differs" if found.owner != expected.owner else "header differs"


def _entries(layer: Descriptor, pieces: Pieces) -> Iterator[tuple[str, _Facts]]:
    stream = Streamed(pieces(), layer.size)
    with opened(stream, layer.media_type) as plain:
        try:
            bounded = _Bounded(plain, limit(layer))
            with tarfile.open(fileobj=bounded, mode="r|", bufsize=PIECE, tarinfo=BoundedHeader) as archive:  # type: ignore[call-overload]
                while (member := archive.next()) is not None:
                    archive.members.clear()  # tarfile would keep them all
                    yield member.name, _facts(archive, member)
        except (tarfile.TarError, UnicodeError, ValueError) as error:
            raise BrokenBlob(f"it is no tar ({error})") from error


class _Bounded:
    """A stream that may give so many bytes."""

    def __init__(self, stream: IO[bytes], most: int) -> None:
        self._stream, self._left = stream, most

    def read(self, count: int) -> bytes:
        piece = self._stream.read(count)
        self._left -= len(piece)
        if self._left < 0:
            raise BrokenBlob("it unpacks to far more than its size")
        return piece


def _facts(archive: tarfile.TarFile, member: tarfile.TarInfo) -> _Facts:
    content = hashlib.sha256()
    if member.isreg() and not member.issparse():
        file = archive.extractfile(member)
        while file and (piece := file.read(PIECE)):
            content.update(piece)
    extended = {name: value for name, value in member.pax_headers.items() if name not in ("path", "linkpath", "size")}
    return _Facts(
        kind=member.type,
        mode=member.mode,
        owner=(member.uid, member.gid, member.uname, member.gname),
        time=member.mtime,
        link=member.linkname,
        extended=tuple(sorted(extended.items())),
        content=content.digest() if member.isreg() else f"{member.devmajor} {member.devminor}".encode(),
    )
