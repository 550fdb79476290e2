"""A folder being saved, aside of where it is to be: every file hashed as it is written, its mode the same anywhere."""

import hashlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from envlock.errors import OutsideError, UserInputError
from envlock.system.parts import naming
from envlock.workflows.saved_definition import SavedFile
from envlock.workflows.saved_listing import Entry, entry_of

_FOLDER, _PLAIN, _EXECUTABLE = 0o755, 0o644, 0o755
_PIECE = 1 << 20


class Stage:
    """What is below `root`, by path in `files`; packages that `former`, a folder saved before, has are taken from
    there and not written again."""

    def __init__(self, root: Path, former: Path) -> None:
        self.root = root
        self._former = former
        self.files: dict[str, Entry] = {}
        root.mkdir()
        root.chmod(_FOLDER)

    def add(self, path: str, file: SavedFile) -> None:
        """A file or link of the definition; UserInputError where it lies below what is no folder."""
        if file.link is None:
            self.write(path, file.pieces(), executable=file.executable)
            return
        self._new(path).symlink_to(file.link)
        self.files[path] = Entry(link=file.link)

    def write(self, path: str, pieces: Iterable[bytes], *, executable: bool = False) -> Entry:
        """A new file."""
        place, sha256 = self._new(path), hashlib.sha256()
        with naming(place), place.open("xb") as file:
            for piece in pieces:
                sha256.update(piece)
                file.write(piece)
            os.fchmod(file.fileno(), _EXECUTABLE if executable else _PLAIN)
            file.flush()
            os.fsync(file.fileno())
        self.files[path] = Entry(sha256=sha256.hexdigest(), executable=executable)
        return self.files[path]

    def copy(self, path: str, source: Path, sha256: str) -> None:
        """A new file with the bytes of another, which are those of a sha256."""
        if self.has(path, sha256):
            return
        found = self.write(path, _pieces(source)).sha256
        if found != sha256:
            raise OutsideError(f"`{source.name}` was damaged in the cache: sha256 {found}, locked {sha256}")

    def has(self, path: str, sha256: str) -> bool:
        """Is the file here already, of another platform, or taken over from the former folder?"""
        return path in self.files or self._take_over(path, sha256)

    def _take_over(self, path: str, sha256: str) -> bool:
        """Where it is there just as it is to be."""
        former, entry = self._former / path, Entry(sha256=sha256)
        if not former.is_file() or entry_of(former) != entry:
            return False
        there = former.stat()
        if there.st_nlink > 1 or there.st_mode & 0o777 != _PLAIN:
            return False
        try:
            self._new(path).hardlink_to(former)
        except OSError:  # not on every file system
            return False
        self.files[path] = entry
        return True

    def _new(self, path: str) -> Path:
        """Where a path is to be, the folders above it made; a link among them would lead elsewhere."""
        place = self.root
        for name in path.split("/")[:-1]:
            place = place / name
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                raise UserInputError(f"`{path}` lies below `{place.relative_to(self.root)}`, which is no folder")
            if not place.exists():
                place.mkdir()
                place.chmod(_FOLDER)
        return self.root / path


def _pieces(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        yield from iter(lambda: file.read(_PIECE), b"")
