"""The base image in a lock: a pin that still holds is kept unseen, and it must be fit for what is put upon it."""

import re

from envlock.errors import UserInputError
from envlock.model.debian_base import base_name
from envlock.model.lock import Base
from envlock.model.platform import version_numbers
from envlock.model.spec import EnvSpec, python_minor
from envlock.workflows import later
from envlock.workflows.later_local import context_sha256
from envlock.workflows.task import PlatformTask

SCRATCH = "scratch"


def lock_base(task: PlatformTask, kept: Base | None) -> Base:
    """The base of one platform, by digest, with what was read of it; a pin that still holds is kept unseen."""
    spec = task.spec
    if not task.platform.has_images:
        return _bare(None, task, kept)
    if spec.image.dockerfile:
        return _of_dockerfile(task, kept, spec.image.dockerfile)
    if spec.base == SCRATCH:
        return _bare(SCRATCH, task, kept)
    minor = _minor(task)
    if kept and kept.reference == spec.base and _holds(kept, spec, minor):
        return kept
    return later.look_into_base(task, kept.digest if kept and kept.reference == spec.base else None, minor)


def _of_dockerfile(task: PlatformTask, kept: Base | None, dockerfile: str) -> Base:
    """What the Dockerfile makes; while it and what it may copy are as they were, so is that."""
    minor = _minor(task)
    if kept and kept.context and _holds(kept, task.spec, minor):
        now = context_sha256(task.project.folder, dockerfile)
        if kept.context == now:
            return kept
    return later.look_into_dockerfile(task, minor)


def _minor(task: PlatformTask) -> str | None:
    """The Python that is looked for in the base; None where none is."""
    return None if task.spec.has_conda or not task.wants.pip else python_minor(task.spec.python)


def require_usable(task: PlatformTask, base: Base, python: str | None) -> None:
    """What packages will ask of the base, said before anything is solved for it."""
    wanted, what = task.system.glibc, "suite" if base.suite else "base"
    if base.glibc and wanted and version_numbers(base.glibc) < version_numbers(wanted):
        raise UserInputError(
            f"{base_name(base)} has glibc {base.glibc}, and packages are chosen for glibc {wanted}",
            hint=f'choose a newer {what}, or declare `glibc = "{base.glibc}"` in [platform.{task.name}]',
        )
    if (base.digest or base.context) and base.glibc is None and task.wants:
        raise UserInputError(
            f"{base_name(base)} has no glibc, which packages are made for", hint="choose a base such as Debian's"
        )
    minor = task.spec.python
    if python and minor and not f"{python}.".startswith(f"{minor}."):
        raise UserInputError(f"`python` is {minor}, and {python} was found", hint=f"change `python`, or the {what}")


def _holds(kept: Base, spec: EnvSpec, minor: str | None) -> bool:
    """Does what was read of the base still answer what is asked of it?"""
    if minor is None and not spec.image.interpreter:
        return kept.python is None
    if spec.image.interpreter and spec.image.interpreter != kept.interpreter:
        return False
    return kept.python is not None and (minor is None or kept.python.startswith(f"{minor}."))


def _bare(reference: str | None, task: PlatformTask, kept: Base | None) -> Base:
    """Nothing in it: wheels are chosen for the Python that `python` states; of a minor version for the one that pins,
    or what is locked, are for."""
    stated = None if task.spec.has_conda else task.spec.python
    if not stated:
        return Base(reference=reference)
    known = (task.pinned.python if task.pinned else None, kept.python if kept and kept.reference == reference else None)
    full = next((each for each in known if each and re.fullmatch(rf"{re.escape(stated)}\.\d+", each)), None)
    return Base(reference=reference, python=full or (stated if stated.count(".") == 2 else f"{stated}.0"))
