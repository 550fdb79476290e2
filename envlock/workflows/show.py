"""What is locked, as rows to look at: a pure view of a lock."""

from dataclasses import dataclass

from envlock.lockfile.reader import read_lock
from envlock.model.digest import lock_hash
from envlock.model.lock import CondaPackage, Lock, PipPackage, PlatformLock
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRow:
    """One locked package; `size` in bytes where it is known, `source` is the channel or index."""

    name: str
    version: str
    kind: str
    build: str
    size: int | None
    source: str
    file: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """What is locked for one platform. `size` is the sum of the known sizes of packages as they are downloaded."""

    platform: str
    lock_hash: str
    python: str | None
    base: str
    base_digest: str | None
    size: int
    packages: tuple[PackageRow, ...]

    def count(self, kind: str) -> int:
        return sum(package.kind == kind for package in self.packages)


def show(project: Project) -> tuple[PlatformView, ...]:
    """The project's lock, a view a platform."""
    return view(read_lock(project.lockfile))


def view(lock: Lock) -> tuple[PlatformView, ...]:
    return tuple(_platform(lock, platform) for platform in lock.platforms)


def _platform(lock: Lock, platform: PlatformLock) -> PlatformView:
    return PlatformView(
        platform=platform.platform,
        lock_hash=lock_hash(lock, platform),
        python=platform.python,
        base=platform.base.reference or "none",
        base_digest=platform.base.digest,
        size=sum(package.size or 0 for package in platform.packages),
        packages=tuple(_row(package) for package in platform.packages),
    )


def _row(package: CondaPackage | PipPackage) -> PackageRow:
    return PackageRow(
        name=package.name,
        version=package.version,
        kind=package.kind,
        build=package.build,
        size=package.size,
        source=package.channel if isinstance(package, CondaPackage) else package.source,
        file=package.file,
        sha256=package.sha256,
    )
