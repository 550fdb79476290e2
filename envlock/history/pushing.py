"""What a push changes: by what git tells a hook of it, and by what this clone knows of the other side."""

import os
from pathlib import Path

from envlock.history.git_program import Git


def changed_by_push(folder: Path, tip: str, old: str | None, remote: str) -> frozenset[str] | None:
    """The paths at which a commit differs from `old`, what the branch is on the other side, or for a new one from the
    last of its first parents that is known to be there; None of a history that is new altogether."""
    git = Git(folder)
    base = old or _last_known(git, tip, remote)
    if base is None:
        return None
    said = git.said("diff-tree", "-r", "--name-only", "--no-renames", "-z", base, tip)
    return frozenset(os.fsdecode(path) for path in filter(None, said.split(b"\0")))


def _last_known(git: Git, tip: str, remote: str) -> str | None:
    words = ("rev-list", "--first-parent", "--boundary", tip, "--not", f"--remotes={remote}")
    lines = git.said(*words).decode("ascii").split()
    if not lines:
        return tip  # is there already
    return lines[-1].removeprefix("-") if lines[-1].startswith("-") else None
