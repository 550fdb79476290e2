"""Repositories, opened by git's library; what that raises, in our words."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NoReturn

import pygit2
from pygit2.enums import Option

from envlock.history.faults import unreadable, unwritable

# what pygit2 raises for what is damaged, absent (as in partial clones) or not understood
FAILURES = (pygit2.GitError, KeyError, OSError, ValueError)
# where it is another form of repository, or one of another user
CANNOT_OPEN = (pygit2.GitError, OSError)

_AFTER_PACKS = 2  # the priority that the library gives to packs: of equals the one added later is asked later
_CHUNK = 1 << 16

# An object is on the disk before a reference to it is: after a power cut nothing leads to what is not there.
pygit2.option(Option.ENABLE_FSYNC_GITDIR, True)


class Damaged(Exception):
    """An object whose file is cut off."""


class CutOff(pygit2.OdbBackend):
    """Has no objects, and refuses those whose file is cut off, as a power cut may leave it: the library itself would
    read such a file for ever. Asked only for what is in no pack."""

    def __init__(self, objects: Path) -> None:
        super().__init__()
        self._objects = objects

    def read_cb(self, id: object) -> NoReturn:
        self._refuse(str(id))
        raise KeyError(str(id))

    read_header_cb = read_cb

    def read_prefix_cb(self, prefix: object) -> NoReturn:
        start = str(prefix)
        for file in (self._objects / start[:2]).glob(f"{start[2:]}*"):
            self._refuse(start[:2] + file.name)
        raise KeyError(start)

    exists_prefix_cb = read_prefix_cb

    def exists_cb(self, _id: object) -> bool:
        return False

    def refresh_cb(self) -> None:
        pass

    def _refuse(self, id: str) -> None:
        with suppress(FileNotFoundError), (self._objects / id[:2] / id[2:]).open("rb") as file:
            if not _is_whole(file):
                raise Damaged(f"the object `{id}` is cut off")


def _is_whole(file: IO[bytes]) -> bool:
    inflated = zlib.decompressobj()
    try:
        while not inflated.eof:
            chunk = file.read(_CHUNK)
            if not chunk:
                return False
            inflated.decompress(chunk)
    except zlib.error:
        return False
    return True


def discovered(folder: Path) -> Path | None:
    """Git's folder of the repository around a folder. pygit2's own errors."""
    found = pygit2.discover_repository(str(folder))
    return Path(found) if found else None


def opened_for_reading(folder: Path) -> pygit2.Repository:
    """A repository that does not hang on damaged objects; nothing can be written with it. pygit2's own errors."""
    repository = pygit2.Repository(str(folder))
    repository.odb.add_backend(CutOff(common_folder(folder) / "objects"), _AFTER_PACKS)
    return repository


def common_folder(folder: Path) -> Path:
    """Git's folder that all work trees share, by that of one of them."""
    common = folder / "commondir"
    return (folder / common.read_text().strip()).resolve() if common.is_file() else folder


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """What the library raises, as OutsideError."""
    try:
        yield
    except (*FAILURES, Damaged) as error:
        raise unreadable(folder, _words(error)) from error


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """The same of writing."""
    try:
        yield
    except (*FAILURES, Damaged) as error:
        raise unwritable(folder, _words(error)) from error


def _words(error: BaseException) -> object:
    return error.args[0] if isinstance(error, KeyError) and error.args else error
