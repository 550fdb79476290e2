"""Whether git waits for somebody to merge an env.lock: looked at cheaply, as nearly always it does not.

Where a merge driver was killed, or is not there, git leaves ours in the work tree, without any marker.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envlock.errors import OutsideError
from envlock.model.problem import Problem
from envlock.system.files import git_folder, repository_root
from envlock.workflows import later_merge
from envlock.workflows.project import Project

if TYPE_CHECKING:
    from envlock.history.unmerged import Stages

# what git has in its folder while something is unmerged (a stash, too, leaves the first of them), and perhaps after;
# the last one is of repositories that keep such signs elsewhere
_SIGNS = frozenset(
    ("AUTO_MERGE", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "reftable")
)
_MARKERS = (b"\n<<<<<<< ", b"\n=======\n", b"\n>>>>>>> ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmerged:
    """What git's index has of env.lock; the work tree has it with markers (`marked`), or just as ours was."""

    stages: "Stages"
    marked: bool


def unmerged_lock(project: Project) -> Unmerged | None:
    """None where nothing is to be merged, or somebody has: neither ours nor markers stand in env.lock any more."""
    root = None if project.at else repository_root(project.folder)
    if root is None or not _may_be(root):
        return None
    with suppress(OutsideError, OSError):
        stages = later_merge.stages(root, project.lockfile.relative_to(root).as_posix())
        now = _plain(project.lockfile.read_bytes())
        marked = all(marker in b"\n" + now for marker in _MARKERS)
        if stages and (marked or now == _plain(stages.ours)):
            return Unmerged(stages=stages, marked=marked)
    return None


def unmerged_problems(project: Project) -> tuple[Problem, ...]:
    """The reason not to believe an env.lock that is ours alone; one with markers cannot be read in any case."""
    found = unmerged_lock(project)
    if found is None or found.marked:
        return ()
    message = (
        "env.lock is not merged: it is ours, and what theirs has is in git's index alone:"
        " run `envlock lock`, then `git add env.lock`"
    )
    return (Problem(kind="unmerged", message=message),)


def _may_be(root: Path) -> bool:
    with suppress(OSError):
        return not _SIGNS.isdisjoint(path.name for path in git_folder(root).iterdir())
    return False


def _plain(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")
