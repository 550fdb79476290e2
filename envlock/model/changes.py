"""What differs between two locks, package by package."""

from dataclasses import dataclass

from envlock.model.lock import CondaPackage, Lock, PipPackage


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One package on some platforms: `before` is None where it was added, `after` where it was removed.

    Versions as text; where only the build or the bytes differ, both are the same version.
    """

    name: str
    before: str | None
    after: str | None
    platforms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """The changes between two locks, sorted by name, and how many packages stayed as they were."""

    packages: tuple[Change, ...] = ()
    base: tuple[tuple[str, str | None, str | None], ...] = ()
    kept: int = 0


def changes(*, before: Lock | None, after: Lock) -> Changes:
    """What `after` has that `before` had not, and the reverse."""
    found: dict[tuple[str, str | None, str | None], list[str]] = {}
    kept = 0
    base = []
    for platform in after.platforms:
        name = platform.platform
        old = before.platform(name) if before else None
        was = {(p.kind, p.name): p for p in old.packages} if old else {}
        now = {(p.kind, p.name): p for p in platform.packages}
        kept += sum(was.get(key) == package for key, package in now.items())
        for key in sorted(was.keys() | now.keys(), key=lambda k: (k[1], k[0])):
            a, b = was.get(key), now.get(key)
            if _identity(a) != _identity(b):
                found.setdefault((key[1], a.version if a else None, b.version if b else None), []).append(name)
        if old and old.base.digest != platform.base.digest:
            base.append((name, old.base.digest, platform.base.digest))
    listed = [Change(name=n, before=a, after=b, platforms=tuple(ps)) for (n, a, b), ps in found.items()]
    return Changes(packages=tuple(sorted(listed, key=lambda c: c.name)), base=tuple(base), kept=kept)


def _identity(package: CondaPackage | PipPackage | None) -> str | None:
    return package.identity if package else None
