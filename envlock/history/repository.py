"""The one door to git's library."""

from pathlib import Path, PurePosixPath

import pygit2
from pygit2.enums import FileStatus

from envlock.errors import OutsideError


def folders_with(name: str, root: Path) -> list[Path]:
    """The folders of a work tree that hold a file `name`, tracked or at least not ignored; sorted.

    Submodules are other repositories and stay out.
    """
    try:
        repository = pygit2.Repository(str(root))
        tracked = {entry.path for entry in repository.index}
        status = repository.status(untracked_files="all")
    except pygit2.GitError as error:
        raise OutsideError(
            f"the repository `{root}` cannot be read: {error}", hint="give the path of the environment's folder"
        ) from error
    untracked = {path for path, flags in status.items() if flags & FileStatus.WT_NEW}
    files = (root / path for path in tracked | untracked if PurePosixPath(path).name == name)
    return sorted(file.parent for file in files if file.is_file())
