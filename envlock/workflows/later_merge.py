"""What a merge driver needs of one file alone, loaded for that one, as `later`."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from envlock.history.unmerged import Stages
    from envlock.lockfile.conflict import Conflict
    from envlock.model.lock import Lock
    from envlock.workflows.context import Context
    from envlock.workflows.merged import Merged, Texts


def stages(root: Path, path: str) -> "Stages | None":
    from envlock.history.unmerged import stages

    return stages(root, path)


def conflict_of(*, base: str, ours: str, theirs: str) -> "Conflict":
    from envlock.lockfile.conflict import Conflict, read_side

    sides = {side: read_side("env.lock", side, text) for side, text in (("ours", ours), ("theirs", theirs))}
    return Conflict(**sides, base=read_side("env.lock", "base", base) if base else None)


def marked_lock(ours: str, theirs: str) -> str:
    from envlock.lockfile.conflict_text import conflict_text

    return conflict_text(ours, theirs)


def merge_lock(texts: "Texts", folder: Path, context: "Context") -> "Merged":
    from envlock.workflows.merge_lock import merge_lock

    return merge_lock(texts, folder, context)


def merge_solved(texts: "Texts", folder: Path, context: "Context", seconds: float) -> "Lock":
    from envlock.workflows.merge_solve import merge_solved

    return merge_solved(texts, folder, context, seconds)


def merge_manifest(texts: "Texts", folder: Path, *, marker_size: int) -> "Merged":
    from envlock.workflows.merge_manifest import merge_manifest

    return merge_manifest(texts, folder, marker_size=marker_size)
