"""What is locked so far, to be kept where it holds: one lock, or both sides of a merge that git could not finish."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from envlock.errors import UserInputError
from envlock.lockfile.reader import FINISH, REPAIR, read_lock
from envlock.model.lock import (
    Base,
    CondaPackage,
    DebianPackage,
    ImageSettings,
    Inputs,
    Lock,
    Node,
    Package,
    PipPackage,
    PlatformLock,
)
from envlock.model.spec import EnvSpec
from envlock.model.three_way_rules import Sides
from envlock.workflows import later, later_merge
from envlock.workflows.project import Project
from envlock.workflows.unmerged import Unmerged, unmerged_lock

if TYPE_CHECKING:
    from envlock.lockfile.conflict import Conflict, Side

P = TypeVar("P", DebianPackage, CondaPackage, PipPackage)

# (platform, kind and name): one pin
Key = tuple[str, Node]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pins:
    """`lock` is what to keep, None without an env.lock. Of a `conflict` it has what both sides agree on, then what our
    side has, then what only the other has. Where git is `waiting` it is to be told that it is merged."""

    lock: Lock | None = None
    conflict: "Conflict | None" = None
    waiting: bool = False

    def resolved(self, resolve: Callable[[Lock | None], Lock]) -> Lock:
        """What `resolve` makes of the pins; where one of ours cannot hold, the other side's is tried before a third."""
        first = resolve(self.lock)
        if not (self.lock and self.conflict):
            return first
        theirs = _packages(self.conflict.theirs.platforms)
        lost = {key: theirs[key] for key in self._lost(first) if key in theirs}
        if not lost:
            return first
        second = resolve(_exchanged(self.lock, lost))
        return second if len(self._lost(second)) < len(self._lost(first)) else first

    def told(self, new: Lock) -> Iterator[str]:
        """What was taken from where, for people."""
        if not self.conflict:
            return
        sides = {"ours": self.conflict.ours, "theirs": self.conflict.theirs}
        pins = {name: _packages(side.platforms) for name, side in sides.items()}
        counts = Counter(
            tuple(name for name, had in pins.items() if _same(had.get(key), package))
            for key, package in _packages(new.platforms).items()
        )
        both = counts["ours", "theirs"]
        words = ["1 package is as both sides had it" if both == 1 else f"{both} packages are as both sides had them"]
        words += [
            f"{counts[name,]} as `{side.label or name}` had them" for name, side in sides.items() if counts[name,]
        ]
        words += [f"{counts[()]} new" for _ in [0] if counts[()]]
        yield f"env.lock was left by a merge with conflicts: {', '.join(words)}"
        if self.waiting:
            yield "`git add env.lock` tells git that it is merged"

    def _lost(self, new: Lock) -> list[Key]:
        """What is locked now as neither side had it, though one of them had it."""
        assert self.conflict
        ours, theirs = (_packages(side.platforms) for side in (self.conflict.ours, self.conflict.theirs))
        return [
            key
            for key, package in _packages(new.platforms).items()
            if (key in ours or key in theirs) and not (_same(ours.get(key), package) or _same(theirs.get(key), package))
        ]


def read_pins(project: Project) -> Pins:
    """What env.lock has, or where git waits for it to be merged, both sides; UserInputError where it is neither a lock
    nor one with whole conflict markers."""
    if not project.lockfile.exists():
        return Pins()
    if waiting := unmerged_lock(project):
        return replace(_of(_in_index(waiting, project), project), waiting=True)
    try:
        return Pins(lock=read_lock(project.lockfile))
    except UserInputError as error:
        conflict = later.read_conflict(project.lockfile)
        if conflict is None:
            # of markers that do not fit together locking makes nothing
            error.hint = REPAIR if error.hint == FINISH else error.hint
            raise
        return _of(conflict, project)


def _of(conflict: "Conflict", project: Project) -> Pins:
    return Pins(lock=united(conflict, later.read_manifest(project)), conflict=conflict)


def _in_index(waiting: Unmerged, project: Project) -> "Conflict":
    """The whole sides, with the names that git gives them where it has left markers."""
    texts = {"ours": waiting.stages.ours, "theirs": waiting.stages.theirs, "base": waiting.stages.base or b""}
    found = later_merge.conflict_of(**{side: data.decode(errors="replace") for side, data in texts.items()})
    named = later.read_conflict(project.lockfile) if waiting.marked else None
    if named is None:
        return found
    ours, theirs = (replace(getattr(found, side), label=getattr(named, side).label) for side in ("ours", "theirs"))
    return replace(found, ours=ours, theirs=theirs)


def united(conflict: "Conflict", spec: EnvSpec) -> Lock:
    """What both sides have locked, as one: what one of them has changed as that side has it, else as ours."""
    sides: Sides[Side | None] = Sides(conflict.base, conflict.ours, conflict.theirs)
    names = sorted({p.platform for p in (*conflict.ours.platforms, *conflict.theirs.platforms)})
    platforms = (_either(sides.each(partial(_of_side, name=name)), spec) for name in names)
    return Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=tuple(platforms))


def _of_side(side: "Side | None", name: str) -> PlatformLock | None:
    return side.platform(name) if side else None


def _either(sides: Sides[PlatformLock | None], spec: EnvSpec) -> PlatformLock:
    base, ours, theirs = sides.base, sides.ours, sides.theirs
    if ours is None or theirs is None:
        (one,) = filter(None, (ours, theirs))
        return one
    return replace(
        ours,
        base=_base(*((theirs, ours) if base and base.base == ours.base else (ours, theirs)), spec),
        debian=_both(*(_of_suite(side, spec) if side else () for side in (base, ours, theirs))),
        conda=_both(base.conda if base else (), ours.conda, theirs.conda),
        pip=_both(base.pip if base else (), ours.pip, theirs.pip),
    )


def _base(first: PlatformLock, second: PlatformLock, spec: EnvSpec) -> Base:
    """The one that env.toml means, the first where both are that. Of a suite's dates the later ones hold: packages of
    both sides are to be found in what is as new as that."""
    suite = spec.image.debian.suite if spec.image.debian else None
    meant = [base for base in (first.base, second.base) if (base.reference, base.suite) == (spec.base, suite)]
    # UTC times of one form are in the order of their letters
    dates = dict(sorted(pair for base in meant for pair in base.dates))
    return replace(meant[0], dates=tuple(dates.items())) if meant else first.base


def _of_suite(side: PlatformLock, spec: EnvSpec) -> tuple[DebianPackage, ...]:
    """Packages of another suite are nothing to keep."""
    debian = spec.image.debian
    return side.debian if debian and side.base.suite in (None, debian.suite) else ()


def _both(base: tuple[P, ...], ours: tuple[P, ...], theirs: tuple[P, ...]) -> tuple[P, ...]:
    """All of ours, and of theirs those whose names are not among ours, or which only they have changed."""
    before = {p.name: p.identity for p in base}
    changed: dict[str, P] = {p.name: p for p in ours if p.identity != before.get(p.name)}
    found: dict[str, P] = {p.name: p for p in ours} | {p.name: p for p in theirs} | changed
    return tuple(found[name] for name in sorted(found))


def _exchanged(lock: Lock, others: Mapping[Key, Package]) -> Lock:
    """The lock with other packages in the place of some."""

    def new(platform: str, package: P) -> P:
        other = others.get((platform, package.node))
        return other if isinstance(other, type(package)) else package

    return replace(
        lock,
        platforms=tuple(
            replace(
                p,
                debian=tuple(new(p.platform, d) for d in p.debian),
                conda=tuple(new(p.platform, c) for c in p.conda),
                pip=tuple(new(p.platform, w) for w in p.pip),
            )
            for p in lock.platforms
        ),
    )


def _packages(platforms: tuple[PlatformLock, ...]) -> dict[Key, Package]:
    return {(platform.platform, package.node): package for platform in platforms for package in platform.packages}


def _same(one: Package | None, other: Package) -> bool:
    return one is not None and one.identity == other.identity
