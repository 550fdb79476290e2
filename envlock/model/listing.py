"""What is locked, to be looked at: a row a package, for all platforms that agree on it."""

from collections.abc import Iterable
from dataclasses import dataclass

from envlock.model.changes import Facts
from envlock.model.lock import Base, Package


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """What is locked for one platform; `lock_hash` is of the main set, whichever groups `packages` are of."""

    platform: str
    lock_hash: str
    python: str | None
    base: Base
    packages: tuple[Package, ...]

    @property
    def size(self) -> int:
        """The sum of the known sizes of packages as they are downloaded, in bytes."""
        return total(self.packages)

    @property
    def unsized(self) -> int:
        """How many packages have no known size."""
        return sum(package.size is None for package in self.packages)

    def count(self, kind: str) -> int:
        return sum(package.kind == kind for package in self.packages)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """One package in one version; `sizes` are of the `platforms`, in their order, None where unknown."""

    facts: Facts
    platforms: tuple[str, ...]
    sizes: tuple[int | None, ...]


def package_rows(views: Iterable[PlatformView]) -> tuple[PackageRow, ...]:
    """Every package once for all platforms on which its version, origin and groups are the same, sorted by name."""
    found: dict[Facts, list[tuple[str, int | None]]] = {}
    for view in views:
        for package in view.packages:
            found.setdefault(Facts.of(package), []).append((view.platform, package.size))
    return tuple(
        PackageRow(facts=facts, platforms=tuple(p for p, _ in on), sizes=tuple(size for _, size in on))
        for facts, on in sorted(found.items(), key=lambda item: (item[0].name, item[0].kind, item[1][0][0], item[0]))
    )


def total(packages: Iterable[Package]) -> int:
    """The sum of the known sizes, in bytes."""
    return sum(package.size or 0 for package in packages)
