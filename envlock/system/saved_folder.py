"""A folder that `save` made: its mark, which lists what is in it, and how far the paths of its environment may lead."""

import json
from pathlib import Path

from envlock.system.files import repository_root

MARK = "envlock-saved.json"
PACKAGES = "packages"
_MOST = 64 << 20


def saved_root(folder: Path) -> Path | None:
    """The saved folder that a folder lies in, or is; None where it is in none."""
    return next((p for p in (folder, *folder.parents) if (p / MARK).is_file()), None)


def surrounding(folder: Path) -> Path:
    """Where what a manifest points to must lie: in its repository, else in the folder it was saved to, else beside
    it."""
    return repository_root(folder) or saved_root(folder) or folder


def counting_root(folder: Path) -> Path | None:
    """The repository whose git tells which files around a folder count; None where all do: outside of git, and in a
    saved folder, which a repository around it may ignore."""
    root, saved = repository_root(folder), saved_root(folder)
    return None if saved and root and saved.is_relative_to(root) else root


def environment_in(root: Path) -> Path | None:
    """The folder with env.toml in a saved folder, as its mark says; None where there is no mark, or one that says
    nothing good."""
    try:
        with (root / MARK).open("rb") as file:
            stated = json.loads(file.read(_MOST))["environment"]
        folder = (root / stated).resolve()
    except (OSError, ValueError, LookupError, TypeError, RecursionError):
        return None
    return folder if folder.is_relative_to(root.resolve()) else None
