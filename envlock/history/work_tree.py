"""Which files of a work tree git knows of, and which it ignores."""

from collections.abc import Iterator
from pathlib import Path

import pygit2

from envlock.history import git_program
from envlock.history.opened import reading

_SUBMODULE = 0o160000  # the mode of its entry in an index


def counted_files(top: Path, root: Path) -> dict[Path, bool | None]:
    """The files and links at or below a path of a work tree that are tracked, or at least not ignored; both paths
    without links. Each with git's word on whether it is executable: None where the bit on disk is to be believed.

    Submodules are other repositories and stay out.
    """
    with reading(root):
        try:
            found = _counted(top, root)
        except pygit2.GitError:
            found = git_program.counted_files(top, root)
    return {place: executable for place, executable in found.items() if _is_there(place)}


def _counted(top: Path, root: Path) -> dict[Path, bool | None]:
    repository = pygit2.Repository(str(root))
    believed = "core.filemode" not in repository.config or repository.config.get_bool("core.filemode")
    start = "" if top == root else top.relative_to(root).as_posix()
    found: dict[Path, bool | None] = {}
    for entry in repository.index:
        if entry.mode != _SUBMODULE and (not start or entry.path == start or entry.path.startswith(f"{start}/")):
            found[root / entry.path] = None if believed else entry.mode & 0o100 != 0
    for place in _untracked(top, root, repository):
        found.setdefault(place, None)
    return found


def _untracked(place: Path, root: Path, repository: pygit2.Repository) -> Iterator[Path]:
    """What stands in a work tree and is not ignored, tracked things too."""
    name = place.relative_to(root).as_posix()
    is_folder = place.is_dir() and not place.is_symlink()
    if place != root and repository.path_is_ignored(f"{name}/" if is_folder else name):
        return
    if not is_folder:
        yield place
    elif place == root or not (place / ".git").exists():
        for entry in place.iterdir():
            if entry.name != ".git":
                yield from _untracked(entry, root, repository)


def _is_there(place: Path) -> bool:
    return place.is_symlink() or place.is_file()
