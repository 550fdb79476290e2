"""The files of an image layout, in a folder or in a tar: what one reader takes for the image, every reader must."""

import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Protocol

from envlock.errors import OutsideError
from envlock.oci.bounded_tar import BoundedHeader
from envlock.oci.layout import INDEX, MARK

DOCKER_MANIFEST = "manifest.json"
PIECE = 1 << 20
_MOST_MEMBERS = 100_000
# names that all readers unpack to the same place
_FOLDER = re.compile(r"\.|(\./)?blobs(/sha256)?")
_FILE = re.compile(rf"(?:\./)?({'|'.join(map(re.escape, (MARK, INDEX, DOCKER_MANIFEST)))}|blobs/sha256/[0-9a-f]{{64}})")


class Files(Protocol):
    """The files of a layout, by their paths below it; `surplus` says what else is there that readers may go by."""

    @property
    def surplus(self) -> tuple[str, ...]: ...

    def has(self, path: str) -> bool: ...

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        """FileNotFoundError where there is no such file."""
        ...


class FolderFiles:
    surplus = ()

    def __init__(self, root: Path) -> None:
        self._root = root

    def has(self, path: str) -> bool:
        return (self._root / path).exists()

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        with (self._root / path).open("rb") as file:
            yield file


class TarFiles:
    """Only regular files of a plain tar, each of whose names stands in it once: of two, readers choose differently."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._members: dict[str, tarfile.TarInfo] = {}
        self._surplus: list[str] = []
        try:
            with path.open("rb") as file, tarfile.open(fileobj=file, mode="r:", tarinfo=BoundedHeader) as archive:
                for count, member in enumerate(archive):
                    self._add(member, count)
                self._read_end(file, archive.offset)
        except tarfile.TarError as error:
            raise OutsideError(f"`{path}` is not a tar ({error})") from error

    @property
    def surplus(self) -> tuple[str, ...]:
        return tuple(self._surplus)

    def has(self, path: str) -> bool:
        return path in self._members

    @contextmanager
    def open(self, path: str) -> Iterator[IO[bytes]]:
        member = self._members.get(path)
        if member is None:
            raise FileNotFoundError(path)
        with tarfile.open(self._path, mode="r:", tarinfo=BoundedHeader) as archive:
            file = archive.extractfile(member)
            if file is None:
                raise FileNotFoundError(path)
            yield file

    def _add(self, member: tarfile.TarInfo, count: int) -> None:
        if count >= _MOST_MEMBERS:
            raise OutsideError(f"`{self._path}` has more than {_MOST_MEMBERS} members")
        if member.isdir() and _FOLDER.fullmatch(member.name):
            return
        found = _FILE.fullmatch(member.name) if member.isreg() and not member.issparse() else None
        if found is None:
            self._surplus.append(f"`{member.name}`, which is no file of an image")
        elif found[1] in self._members:
            raise OutsideError(f"`{self._path}` holds `{found[1]}` twice")
        else:
            self._members[found[1]] = member

    def _read_end(self, file: IO[bytes], end: int) -> None:
        """Some read on behind the block that ends a tar, or that is no header."""
        file.seek(end)
        while piece := file.read(PIECE):
            if piece.count(0) != len(piece):
                self._surplus.append("more behind its end")
                return
