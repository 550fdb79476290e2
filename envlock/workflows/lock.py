"""lock: make env.lock answer env.toml, keeping every pin that still holds."""

from typing import TYPE_CHECKING

from envlock.workflows import later
from envlock.workflows.check import is_known_good
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.unmerged import unmerged_lock
from envlock.workflows.upgrade import KEEP, Upgrade

if TYPE_CHECKING:
    from envlock.workflows.relock import LockResult


def lock(project: Project, context: Context, upgrade: Upgrade = KEEP) -> "LockResult | None":
    """What was done; None where exactly these two files are known to answer each other, and nothing had to be read."""
    if not upgrade and unmerged_lock(project) is None and is_known_good(project, context.cache):
        return None
    return later.relock(project, context, upgrade)
