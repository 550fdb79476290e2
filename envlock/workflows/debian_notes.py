"""What the scripts of Debian's packages would do and nobody does: at lock from a glance at them, at build from them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from threading import Event
from typing import Any

from envlock.debian.deb import read_control_bytes
from envlock.debian.scripts import unhandled
from envlock.debian.stage import DebianStage
from envlock.errors import EnvlockError, Interrupted, OutsideError
from envlock.model.lock import DebianPackage, Lock, PlatformLock
from envlock.sources.supply import Supply
from envlock.system.cache import Cache, typed
from envlock.system.side_by_side import side_by_side
from envlock.workflows.context import Context
from envlock.workflows.debian_mirrors import AT_ONCE
from envlock.workflows.debian_packages import debian_supply, peek_debian
from envlock.workflows.debian_system import functions_id
from envlock.workflows.project import Project

# words by package: as read from bytes that nobody has verified yet, and from the verified file
_GLANCED, _READ = "debian-glanced", "debian-scripts"
_SHOWN = 5
_MOST_NAMES = 40
_MOST_DEEDS = 3

# what is lost of a package, in words
Deeds = tuple[str, ...]


def glance_notes(project: Project, new: Lock, old: Lock | None, context: Context) -> tuple[str, ...]:
    """Of the packages that are new in a lock. What cannot be looked into now is passed over: `build` says it again."""
    known = {p.sha256 for platform in old.platforms for p in platform.debian} if old else set[str]()
    found: dict[tuple[str, Deeds], None] = {}
    for locked in new.platforms:
        fresh = [package for package in locked.debian if package.sha256 not in known]
        for package, deeds in zip(fresh, _glances(fresh, locked, project, context), strict=True):
            found[package.name, deeds or ()] = None
    return _notes(found)


def stage_notes(stage: DebianStage, cache: Cache) -> tuple[str, ...]:
    """Of all packages of a base, from their verified files."""
    return _notes(
        (name, _kept(_READ, package, cache, partial(stage.control, name)) or ())
        for name, package in sorted(stage.packages.items())
    )


def _glances(
    packages: list[DebianPackage], locked: PlatformLock, project: Project, context: Context
) -> list[Deeds | None]:
    if not packages:
        return []
    try:
        supply = debian_supply(locked, project, context)
    except Interrupted:
        raise
    except EnvlockError:
        return [None] * len(packages)
    count = f"{len(packages)} Debian package{'s' if len(packages) > 1 else ''}"
    context.progress(f"{locked.platform}: looking at scripts of {count}")
    away = Event()
    glance = partial(_glance, supply=supply, away=away)
    return side_by_side(glance, packages, stop=context.stopped.set, at_once=AT_ONCE)


def _glance(package: DebianPackage, supply: Supply, away: Event) -> Deeds | None:
    """None where nobody knows; after the first that cannot be had, which is `away`, no other is asked for."""

    def control() -> Mapping[str, bytes] | None:
        prefix = None if away.is_set() else peek_debian(package, supply)
        if prefix is None:
            away.set()
        return read_control_bytes(prefix) if prefix else None

    known = supply.cache.record(_READ, _key(package), _deeds)
    try:
        return known if known is not None else _kept(_GLANCED, package, supply.cache, control)
    except OutsideError:
        return None  # a broken file, which fetching refuses


def _kept(
    kind: str, package: DebianPackage, cache: Cache, control: Callable[[], Mapping[str, bytes] | None]
) -> Deeds | None:
    """What is known of a package, worked out once."""
    known = cache.record(kind, _key(package), _deeds)
    if known is None and (files := control()) is not None:
        known = unhandled(package.name, files)
        cache.keep(kind, _key(package), list(known), lasting=False)
    return known


def _key(package: DebianPackage) -> str:
    """Other code may have other words."""
    return hashlib.sha256(f"{functions_id()} {package.name} {package.sha256}".encode()).hexdigest()


def _deeds(kept: Any) -> Deeds:
    return tuple(typed(text, str) for text in typed(kept, list))


def _notes(found: Iterable[tuple[str, Deeds]]) -> tuple[str, ...]:
    """One for each of the first packages that lose something, and one with the names of the others."""
    lost = [(name, deeds) for name, deeds in found if deeds]
    return (*(_note(name, deeds) for name, deeds in lost[:_SHOWN]), *_others([name for name, _ in lost[_SHOWN:]]))


def _note(name: str, deeds: Deeds) -> str:
    more = "; and more" if len(deeds) > _MOST_DEEDS else ""
    return f"`{name}`: its scripts would also {'; '.join(deeds[:_MOST_DEEDS])}{more}, which building does not"


def _others(names: list[str]) -> Iterator[str]:
    listed = ", ".join(f"`{name}`" for name in [*dict.fromkeys(names)][:_MOST_NAMES])
    if listed:
        more = ", …" if len(set(names)) > _MOST_NAMES else ""
        yield f"scripts of {len(set(names))} more Debian packages would do what building does not: {listed}{more}"
