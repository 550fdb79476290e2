"""Local files that git-LFS keeps: where a checkout holds only a pointer, the file itself may lie in the repository."""

from pathlib import Path

from envlock.errors import OutsideError
from envlock.system.files import repository_root
from envlock.system.local_files import lfs_pointer
from envlock.system.text_file import display


def real_file(path: Path) -> Path:
    """The file, or what the git-LFS pointer in its place stands for; OutsideError where that is not here."""
    pointer = lfs_pointer(path) if path.is_file() else None
    if pointer is None:
        return path
    oid = pointer.oid
    for folder in _git_folders(path.parent):
        kept = folder / "lfs" / "objects" / oid[:2] / oid[2:4] / oid
        if kept.is_file():
            return kept
    raise OutsideError(
        f"of `{display(path)}` (sha256 {oid}) only the git-LFS pointer is here", hint="`git lfs pull` gets the file"
    )


def _git_folders(folder: Path) -> tuple[Path, ...]:
    """The git folder of the repository around `folder`, and the one that it shares as another's work tree."""
    root = repository_root(folder.resolve())
    if root is None:
        return ()
    git = root / ".git"
    if git.is_file():  # of a submodule, or another work tree
        git = root / git.read_text().removeprefix("gitdir:").strip()
    shared = git / "commondir"
    return (git, git / shared.read_text().strip()) if shared.is_file() else (git,)
