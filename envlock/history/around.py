"""The repository around a folder, by git's library where that can open it, else by the git program."""

from pathlib import Path

from envlock.history.library import Library
from envlock.history.repository import Repository


def repository_around(folder: Path) -> Repository | None:
    """The repository around a folder, also a bare one or the folder `.git`; None outside git."""
    return Library.around(folder)
