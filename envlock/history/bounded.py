"""Limits to the trees of others: a few small objects can be made that come to more files than any disk has."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history.repository import Entry

_MOST = 1_000_000  # files and folders: ten times what is in large repositories
_LONGEST = 4096  # of a path, as the system has it


def bounded(entries: Iterable[Entry], folder: Path) -> Iterator[Entry]:
    """All of them, unless they are too many; `folder` is the repository."""
    for number, entry in enumerate(entries):
        if number == _MOST:
            raise UserInputError(f"the repository `{folder}` has more than {_MOST:,} files in one commit")
        if len(entry.path) > _LONGEST:
            raise UserInputError(f"the repository `{folder}` has a path of more than {_LONGEST} characters")
        yield entry
