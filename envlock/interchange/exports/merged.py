"""The pip packages of several platforms as one list: each version once, with a marker where not all have it."""

from collections.abc import Sequence
from dataclasses import dataclass

from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """One version of a distribution from one place: its `files` are what the platforms have locked of it, sorted.

    `marker` is empty where all platforms have it. An installer takes the file with the best tags, and so did the
    solver for each platform: what it finds among those of all platforms is what is locked for its own.
    """

    files: tuple[PipPackage, ...]
    marker: str

    @property
    def package(self) -> PipPackage:
        """One of them, for what they have in common."""
        return self.files[0]


def merged(platforms: Sequence[PlatformLock]) -> tuple[Merged, ...]:
    """All pip packages of these platforms, sorted by name and version."""
    found: dict[tuple[str, ...], dict[str, PipPackage]] = {}
    for locked in platforms:
        for package in locked.pip:
            found.setdefault(_key(package), {})[locked.platform] = package
    everywhere = len(platforms)
    return tuple(
        Merged(
            files=tuple(sorted({p.identity: p for p in by_platform.values()}.values(), key=lambda p: p.file)),
            marker=marker(list(by_platform)) if len(by_platform) < everywhere else "",
        )
        for _, by_platform in sorted(found.items())
    )


def _key(package: PipPackage) -> tuple[str, ...]:
    # what is built and what is not are two things, also of one version: none may stand in for the other
    direct = "" if package.index else package.identity
    return package.name, package.version, package.source, direct, "builds" if package.builds else ""


def marker(platforms: Sequence[str]) -> str:
    """What holds on these platforms and on no other that can be locked (PEP 508)."""
    tests = [platform_marker(name) for name in sorted(platforms)]
    return tests[0] if len(tests) == 1 else " or ".join(f"({test})" for test in tests)


def platform_marker(name: str) -> str:
    platform = PLATFORMS[name]
    system = platform.markers("3")["sys_platform"]
    return f'sys_platform == "{system}" and platform_machine == "{platform.machine}"'
