"""Where in a work tree files of a name are, by the git program: it is quicker to start than its library."""

import os
from pathlib import Path

from envlock.errors import OutsideError
from envlock.history.git_program import Git


def folders_with(name: str, root: Path) -> list[Path]:
    """The folders of a work tree that hold a file `name`, tracked or at least not ignored; sorted.

    Submodules are other repositories and stay out.
    """
    words = ("ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f":(top,glob)**/{name}")
    try:
        said = Git(root, settings=("core.fsmonitor=false",)).said(*words)
    except OutsideError as error:
        raise OutsideError(
            f"the repository `{root}` cannot be read: {error.message}",
            hint=error.hint or "give the path of the environment's folder",
        ) from error
    files = {root / os.fsdecode(path) for path in said.split(b"\0") if path}
    return sorted(file.parent for file in files if file.is_file())
