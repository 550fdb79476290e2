"""A base of Debian's packages in a lock: kept unseen where it still holds, else solved around what is locked."""

from dataclasses import replace

from envlock.model.debian_base import brings_python
from envlock.model.debian_edges import asked_for, debian_edges
from envlock.model.debian_origins import wrong_debian
from envlock.model.lock import Base, DebianPackage, Inputs, PlatformLock
from envlock.workflows import later
from envlock.workflows.task import PlatformTask

DebianBase = tuple[Base, tuple[DebianPackage, ...]]


def lock_debian(task: PlatformTask) -> DebianBase:
    """The packages of one platform's base, and what is recorded of them."""
    pins = task.pins
    if pins and task.kept_debian == pins.debian:
        # what nothing asks for any more goes without a look at any server
        left = replace(pins, debian=asked_for(task.spec, pins, later.debian_compare))
        if _holds(task, left):
            return left.base, left.debian
    return later.solve_debian(task)


def _holds(task: PlatformTask, pins: PlatformLock) -> bool:
    """Does what is locked still answer all that is asked of the base? No server need be asked then."""
    debian, base = Inputs.of(task.spec).debian, pins.base
    assert debian
    before = task.asked.debian if task.asked else None
    if not before or not set(debian.components) <= set(before.components):
        return False  # nobody knows yet whether there is such a part
    if any(True for _ in wrong_debian(debian, pins)) or not _has_its_python(task, base):
        return False
    if any(True for _ in debian_edges(task.spec, pins, later.debian_compare)):
        return False
    return not (task.has_late_debian and later.debian_is_limited(task))


def _has_its_python(task: PlatformTask, base: Base) -> bool:
    if not brings_python(task.spec, task.name):
        return base.interpreter is None
    wanted = f"{task.spec.python}." if task.spec.python else ""
    return base.interpreter is not None and f"{base.python}.".startswith(wanted)
