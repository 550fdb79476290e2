"""Three env.lock that are to become one: what they ask for together, and what tells whether a lock answers it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from envlock.errors import UserInputError
from envlock.lockfile.reader import lock_of
from envlock.model.freshness import Judges, platform_problems
from envlock.model.lock import Inputs, Lock, PlatformLock
from envlock.model.merge_notes import conflict_notes
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec
from envlock.model.spec_of import spec_of
from envlock.model.three_way import merged_copied, merged_image, merged_inputs
from envlock.model.three_way_rules import Conflict, Sides
from envlock.workflows import later
from envlock.workflows.merged import Texts

NEXT = "run `envlock lock` once env.toml is merged: it keeps what both sides have locked"

_JUDGES = Judges(later.conda_matches, later.debian_compare)


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedSides:
    """Locks whose inputs merge, and what these merge to: as a lock that has no platforms yet, and as a manifest."""

    locks: Sides[Lock | None]
    frame: Lock
    spec: EnvSpec


def read_sides(texts: Texts) -> MergedSides:
    """UserInputError where a side cannot be read, or where the two ask for what cannot both be."""
    ours, theirs = (lock_of(f"env.lock ({name})", getattr(texts, name)) for name in ("ours", "theirs"))
    base = _base(texts.base)
    locks: Sides[Lock | None] = Sides(base, ours, theirs)
    inputs = merged_inputs(base.inputs if base else None, ours.inputs, theirs.inputs)
    image = merged_image(base.image if base else None, ours.image, theirs.image)
    copied = merged_copied(base.copied if base else (), ours.copied, theirs.copied, image.value.copy)
    changed = {*_changed_twice(locks), *(one.path[-1] for one in copied.conflicts)}
    _refuse([*inputs.conflicts, *image.conflicts], sorted(changed))
    spec = spec_of(inputs.value, image.value)
    frame = Lock(inputs=Inputs.of(spec), image=image.value, platforms=(), copied=copied.value)
    return MergedSides(locks=locks, frame=frame, spec=spec)


def problems_of(sides: MergedSides, lock: Lock, *, now: datetime | None = None) -> tuple[Problem, ...]:
    """What is wrong with the platforms of a lock: the walk that `check` makes."""
    now = now or datetime.now(UTC)
    asked = replace(sides.frame, platforms=lock.platforms)
    return tuple(
        problem
        for locked in lock.platforms
        for problem in platform_problems(sides.spec, asked, locked.platform, _JUDGES, now)
    )


def of_platform(lock: Lock | None, name: str) -> PlatformLock | None:
    return lock.platform(name) if lock else None


def local_hashes(lock: Lock | None) -> dict[str, frozenset[str]]:
    """By path relative to env.toml the hashes of what is locked from there, or made by a Dockerfile."""
    found: dict[str, set[str]] = {}
    for platform in lock.platforms if lock else ():
        for package in platform.pip:
            if package.path:
                found.setdefault(package.path, set()).add(package.identity)
        if lock and lock.inputs.dockerfile and platform.base.context:
            found.setdefault(lock.inputs.dockerfile, set()).add(platform.base.context)
    return {path: frozenset(hashes) for path, hashes in found.items()}


def _base(text: str | None) -> Lock | None:
    """What both sides come from; without it, or where it cannot be read, both have added all that they have."""
    try:
        return lock_of("env.lock (base)", text) if text else None
    except UserInputError:
        return None


def _refuse(conflicts: list[Conflict], changed: Iterable[str]) -> None:
    """UserInputError for what people must decide, and for what nobody can know before git has merged all files."""
    lines = [*conflict_notes(conflicts), *(f"`{path}` was changed on both sides" for path in changed)]
    if lines:
        raise UserInputError("\n".join(lines), hint=NEXT)


def _changed_twice(locks: Sides[Lock | None]) -> Iterator[str]:
    """Local files and folders that each side has locked in a state of its own: nothing tells what these merge to."""
    hashes = locks.each(local_hashes)
    for path in {*hashes.ours} & {*hashes.theirs}:
        ours, theirs = hashes.ours[path], hashes.theirs[path]
        if ours != theirs and hashes.base.get(path) not in (ours, theirs):
            yield path
