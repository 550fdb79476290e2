"""Which package a path belongs to where several bring it."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.model.files import PrefixFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Overridden:
    """A path that two packages bring with differing content: what `loser` brought is not kept."""

    path: str
    loser: str
    winner: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """The files each package keeps, by its key, in the order given; no path is there twice."""

    kept: Mapping[str, tuple[PrefixFile, ...]]
    overridden: tuple[Overridden, ...]


def resolve(packages: Sequence[tuple[str, Sequence[PrefixFile]]]) -> Ownership:
    """Gives each path to one package: of those that bring it, to the last.

    OutsideError where one package has a file and another a folder of the same name.
    """
    owners: dict[str, tuple[str, PrefixFile]] = {}
    overridden = []
    for key, files in packages:
        for file in files:
            before, first = owners.get(file.path, (key, file))
            if before != key and not _same(first, file):
                overridden.append(Overridden(path=file.path, loser=before, winner=key))
            owners[file.path] = (key, file)
    _refuse_files_that_are_folders(owners)
    kept = {key: tuple(file for file in files if owners[file.path][0] == key) for key, files in packages}
    return Ownership(kept=kept, overridden=tuple(sorted(overridden, key=lambda o: (o.path, o.loser, o.winner))))


def _same(one: PrefixFile, other: PrefixFile) -> bool:
    if (one.link, one.executable, one.size) != (other.link, other.executable, other.size):
        return False
    return _sha256(one) == _sha256(other)


def _sha256(file: PrefixFile) -> bytes:
    digest = hashlib.sha256()
    for chunk in file.content.chunks() if file.content else ():
        digest.update(chunk)
    return digest.digest()


def _refuse_files_that_are_folders(owners: Mapping[str, tuple[str, PrefixFile]]) -> None:
    folders: dict[str, tuple[str, str]] = {}
    for path, (key, _) in owners.items():
        folder = path
        while folder := folder.rpartition("/")[0]:
            if folder in folders:
                break
            folders[folder] = (key, path)
    for path in sorted(owners.keys() & folders.keys()):
        inside_key, inside = folders[path]
        raise OutsideError(f"`{path}` is a file of {owners[path][0]}, and {inside_key} has `{inside}` in it")
