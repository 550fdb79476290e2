"""lock: make env.lock answer env.toml, keeping every pin that still holds."""

from dataclasses import dataclass
from time import monotonic

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.model.changes import Changes, changes
from envlock.model.lock import Lock
from envlock.system.files import write_whole
from envlock.workflows import later
from envlock.workflows.check import check
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.upgrade import KEEP, Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The lock, how it differs from the one before, and whether a file was written."""

    lock: Lock
    changes: Changes
    written: bool
    seconds: float


def lock(project: Project, context: Context, upgrade: Upgrade = KEEP) -> LockResult:
    """Resolves what is unmet; the file is touched only where something changes."""
    began = monotonic()
    exists = project.lockfile.exists()
    fresh = exists and not upgrade and not check(project, context.cache)
    old = read_lock(project.lockfile) if exists else None
    new = old if old and fresh else later.resolve(project, context, old, upgrade)
    text = lock_text(new).encode()
    # a lock that answers stays as it is, whoever wrote it; one that is solved to the same bytes, too
    written = not fresh and not (exists and project.lockfile.read_bytes() == text)
    if written:
        write_whole(project.lockfile, text)
    return LockResult(lock=new, changes=changes(before=old, after=new), written=written, seconds=monotonic() - began)
