"""A platform put together of packages that locks have: as locking would write it, with what is asked for alone."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeVar

from envlock.model.closure import asked_extras, with_groups
from envlock.model.debian_base import debian_base, locked_interpreter
from envlock.model.debian_edges import asked_for
from envlock.model.debian_relations import Compare
from envlock.model.lock import Base, CondaPackage, DebianPackage, Package, PipPackage, PlatformLock
from envlock.model.needs import need
from envlock.model.spec import EnvSpec

P = TypeVar("P", CondaPackage, PipPackage)


def put_together(
    base: Base, packages: Iterable[Package], locks: Sequence[PlatformLock], spec: EnvSpec, compare: Compare
) -> PlatformLock:
    """These packages, each as `locks` have it, without those that nothing asks for.

    What a distribution requires is told for one Python: what only a lock with another one has is left out.
    """
    chosen = sorted(packages, key=lambda package: package.name)
    found = PlatformLock(
        platform=locks[0].platform,
        base=replace(base, dates=_dates(base, locks)),
        debian=tuple(p for p in chosen if isinstance(p, DebianPackage)),
        conda=tuple(p for p in chosen if isinstance(p, CondaPackage)),
    )
    found = _with_base(replace(found, debian=asked_for(spec, found, compare)))
    told = [lock for lock in locks if lock.python == found.python]
    brought = {text.partition("==")[0] for p in found.conda for text in p.provides}
    brought |= {project.name for project in spec.pip.editable}
    conda, pip = _by_identity(lock.conda for lock in told), _by_identity(lock.pip for lock in told)
    wheels = [p for p in chosen if isinstance(p, PipPackage) and p.name not in brought]
    found = replace(
        found,
        conda=tuple(_together(p, conda.get((p.name, p.identity), ())) for p in found.conda),
        pip=tuple(_together(p, pip[p.name, p.identity]) for p in wheels if (p.name, p.identity) in pip),
    )
    return with_groups(_with_extras(found, spec), spec)


def _dates(base: Base, locks: Sequence[PlatformLock]) -> tuple[tuple[str, str], ...]:
    """Of a suite the later ones: packages of all locks are to be found in what is as new as that."""
    # UTC times of one form are in the order of their letters
    found = dict(sorted(pair for lock in locks if lock.base.suite == base.suite for pair in lock.base.dates))
    return tuple(found.items())


def _with_base(found: PlatformLock) -> PlatformLock:
    """With what Debian's packages tell of the base that they make."""
    base, interpreter = found.base, locked_interpreter(found.base)
    names = {package.name for package in found.debian}
    if not base.suite or not names.issuperset({"libc6", *([interpreter] if interpreter else [])}):
        return found
    return replace(found, base=debian_base(base.suite, base.dates, found.debian, interpreter))


def _by_identity(places: Iterable[tuple[P, ...]]) -> dict[tuple[str, str], list[P]]:
    """What is said of each package in each of the places where it is."""
    found: dict[tuple[str, str], list[P]] = {}
    for package in (p for place in places for p in place):
        found.setdefault((package.name, package.identity), []).append(package)
    return found


def place_of(package: Package) -> str:
    """Where its bytes are from; the same may be had in several places."""
    if isinstance(package, PipPackage):
        return package.source
    return package.channel if isinstance(package, CondaPackage) else f"{package.archive}/{package.file}"


def _together(package: P, same: Sequence[P]) -> P:
    """A package with what several locks say of it: they differ in the extras that are asked for, and what these
    bring."""
    extras = tuple(sorted({extra for p in same for extra in p.extras}))
    if isinstance(package, CondaPackage):
        return replace(package, extras=extras)
    return replace(package, extras=extras, requires=tuple(sorted({text for p in same for text in p.requires})))


def _with_extras(found: PlatformLock, spec: EnvSpec) -> PlatformLock:
    """Without the extras that nothing asks for any more."""
    asked = asked_extras(spec, found)
    return replace(
        found,
        conda=tuple(
            replace(p, extras=tuple(text for text in p.extras if (p.node, text.partition(": ")[0]) in asked))
            for p in found.conda
        ),
        pip=tuple(_with_asked(p, {extra for node, extra in asked if node == p.node}) for p in found.pip),
    )


def _with_asked(package: PipPackage, asked: set[str]) -> PipPackage:
    if asked.issuperset(package.extras):
        return package
    return replace(
        package,
        extras=tuple(extra for extra in package.extras if extra in asked),
        requires=tuple(text for text in package.requires if need(text).when in (None, *asked)),
    )
