"""A file that git could not merge, as its index has it."""

from dataclasses import dataclass
from pathlib import Path

from envlock.history.git_program import Git
from envlock.history.index import unmerged

_BASE, _OURS, _THEIRS = 1, 2, 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """The file as both sides have it, and as what both come from has it, None where that has none."""

    base: bytes | None
    ours: bytes
    theirs: bytes


def stages(root: Path, path: str) -> Stages | None:
    """Of a file, by its path from the top of the work tree; None where it is merged, or a side has no such file."""
    ids = unmerged(root, path).get(path, {})
    if not {_OURS, _THEIRS} <= ids.keys():
        return None
    found = {stage: Git(root).said("cat-file", "blob", id) for stage, id in ids.items()}
    return Stages(base=found.get(_BASE), ours=found[_OURS], theirs=found[_THEIRS])
