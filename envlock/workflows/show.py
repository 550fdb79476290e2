"""show: the lock as it is, of all platforms or one, of all groups or some."""

from collections.abc import Collection, Sequence

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.digest import lock_hash
from envlock.model.listing import PlatformView
from envlock.model.lock import Lock, PlatformLock
from envlock.model.spec import MAIN
from envlock.model.words import did_you_mean
from envlock.workflows.project import Project


def show(project: Project, *, platform: str | None = None, groups: Sequence[str] = ()) -> tuple[PlatformView, ...]:
    """The project's lock, a view a platform; with `groups`, what the main set and these need."""
    return view(read_lock(project.lockfile), platform=platform, groups=groups)


def view(lock: Lock, *, platform: str | None = None, groups: Sequence[str] = ()) -> tuple[PlatformView, ...]:
    _refuse_unknown("group", groups, {MAIN, *(name for name, _ in lock.inputs.groups)})
    return tuple(_platform(lock, locked, groups) for locked in locked_for(lock, platform))


def locked_for(lock: Lock, platform: str | None) -> tuple[PlatformLock, ...]:
    """The platforms that are meant: the one of that name, else all."""
    _refuse_unknown("platform", [platform] if platform else [], {p.platform for p in lock.platforms})
    return tuple(p for p in lock.platforms if platform in (None, p.platform))


def _refuse_unknown(what: str, names: Collection[str], known: Collection[str]) -> None:
    for name in sorted(set(names) - set(known)):
        hint = did_you_mean(name, known) or f"there is {', '.join(f'`{one}`' for one in sorted(known))}"
        raise UserInputError(f"no {what} `{name}` is locked", hint=hint)


def _platform(lock: Lock, locked: PlatformLock, groups: Sequence[str]) -> PlatformView:
    shown = locked.of_groups(*groups) if groups else locked
    return PlatformView(
        platform=locked.platform,
        lock_hash=lock_hash(lock, locked),
        python=locked.python,
        base=locked.base,
        packages=shown.packages,
    )
