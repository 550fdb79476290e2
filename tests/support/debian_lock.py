"""Locks of a base of Debian's packages, made by hand: the smallest there is, and what is put beside it."""

import hashlib
from collections.abc import Sequence
from typing import Any

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.debian_base import debian_base
from envlock.model.lock import DebianPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.spec import EnvSpec
from tests.support.projects import Project

DATES = (
    ("bookworm", "2025-06-07T09:30:00Z"),
    ("bookworm-security", "2025-06-14T00:53:02Z"),
    ("bookworm-updates", "2025-06-15T08:11:10Z"),
)
MANIFEST = """name = "small"
platforms = ["linux-64"]

[image.debian]
suite = "bookworm"
packages = [
    "tool",
    "less",
    "other",
]
"""


def debian(name: str, version: str, *requires: str, architecture: str = "amd64", **more: Any) -> DebianPackage:
    """A package as the index of an archive would have it."""
    bare = version.partition(":")[2] or version
    file = f"pool/main/{name[0]}/{name}/{name}_{bare}_{architecture}.deb"
    made: dict[str, Any] = {
        "file": file,
        "sha256": hashlib.sha256(f"{name} {version} {architecture}".encode()).hexdigest(),
        "size": 1000,
        "requires": tuple(sorted(requires)),
        **more,
    }
    return DebianPackage(name=name, version=version, architecture=architecture, **made)


# what every base has, in the versions of bookworm
GROUP = (
    debian("base-files", "12.4+deb12u11", "awk"),
    debian("base-passwd", "3.6.1", "libc6 (>= 2.34)"),
    debian("dash", "0.5.12-2", "libc6 (>= 2.36)"),
    debian("libc6", "2.36-9+deb12u10", "libgcc-s1"),
    debian("libgcc-s1", "12.2.0-14", "libc6 (>= 2.35)"),
    debian("libstdc++6", "12.2.0-14", "libc6 (>= 2.36)", "libgcc-s1 (>= 4.2)"),
    debian("mawk", "1.3.4.20200120-3.1", "libc6 (>= 2.14)", provides=("awk",)),
)
PYTHON = (
    debian("python3.11", "3.11.2-6+deb12u6", "libc6 (>= 2.36)", "python3.11-minimal (= 3.11.2-6+deb12u6)"),
    debian("python3.11-minimal", "3.11.2-6+deb12u6", "libc6 (>= 2.36)"),
)


def base_lock(
    spec: EnvSpec, *packages: DebianPackage, interpreter: str | None = None, pip: Sequence[PipPackage] = ()
) -> Lock:
    """What would be locked of these packages, on each platform of a manifest."""
    assert spec.image.debian
    return Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=tuple(_platform(spec, name, packages, interpreter, tuple(pip)) for name in sorted(spec.platforms)),
    )


def _platform(
    spec: EnvSpec, name: str, packages: Sequence[DebianPackage], interpreter: str | None, pip: tuple[PipPackage, ...]
) -> PlatformLock:
    own = (*(p for p in packages if p.architecture in (PLATFORMS[name].architecture, "all")),)
    ordered = tuple(sorted(own, key=lambda package: package.name))
    assert spec.image.debian
    base = debian_base(spec.image.debian.suite, DATES, ordered, interpreter)
    return PlatformLock(platform=name, base=base, debian=ordered, pip=pip)


def relock(project: Project, *packages: DebianPackage, **more: Any) -> Lock:
    """Writes the lock that `envlock lock` would write for these packages beside the base group."""
    lock = base_lock(read_manifest(project.manifest), *GROUP, *packages, **more)
    project.lockfile.write_text(lock_text(lock))
    return lock
