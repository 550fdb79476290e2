"""The repository around a folder, by git's library where that can open it, else by the git program."""

from pathlib import Path

from envlock.history.library import Library
from envlock.history.opened import CANNOT_OPEN, discovered
from envlock.history.program import Program
from envlock.history.repository import Repository


def repository_around(folder: Path) -> Repository | None:
    """The repository around a folder, also a bare one or the folder `.git`; None outside git."""
    try:
        found = discovered(folder)
        library = Library(found) if found else None
    except CANNOT_OPEN:
        return Program.around(folder)  # another form of repository, or one of another user: git tells which
    # what a partial clone has not got git fetches
    return Program.around(folder) if library and library.is_partial else library
