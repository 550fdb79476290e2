"""What each locked package puts into a prefix: paths and size, read once and kept by the package's sha256."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from envlock.environments.wheel import WheelTarget, wheel_files
from envlock.errors import OutsideError
from envlock.model.conda_contents import CondaContents, conda_meta_path, contents
from envlock.model.files import IMAGE_PREFIX, PrefixFile
from envlock.model.lock import CondaPackage, PipPackage, PlatformLock, PrefixPackage
from envlock.model.paths import name_problem
from envlock.model.platform import PLATFORMS
from envlock.model.promises import conda_disagreement, disagreement
from envlock.model.spec import python_minor
from envlock.sources.metadata import own_metadata
from envlock.system.cache import Cache, typed
from envlock.workflows.solve_conda import ANNOUNCED, read_contents

WHEELS = "wheel-contents"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageContents:
    """Paths below the prefix, sorted; unpacked size in bytes; scripts that would want to run when it is linked;
    the texts of what conda would read on activation, by path; and what a conda package's own index says."""

    package: PrefixPackage
    paths: tuple[str, ...]
    size: int
    scripts: tuple[str, ...] = ()
    activation: tuple[tuple[str, str], ...] = ()
    index: Mapping[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What layers and ownership know the package by."""
        return f"{self.package.kind}:{self.package.name}"


def all_contents(locked: PlatformLock, files: Mapping[str, Path], cache: Cache) -> tuple[PackageContents, ...]:
    """The contents of every package of a platform; `files` are the packages by sha256."""
    wheels = (_wheel_contents(p, files[p.sha256], locked, cache) for p in locked.pip)
    return (*conda_contents(locked, files, cache), *wheels)


def require_promised(package: PipPackage, path: Path, locked: PlatformLock) -> None:
    """OutsideError where a wheel's own METADATA is not what the lock says of it."""
    environment = PLATFORMS[locked.platform].markers(locked.python or "")
    _refuse(disagreement(package, own_metadata(path, package), environment), package)


def _refuse(why: str | None, package: PrefixPackage) -> None:
    if why:
        raise OutsideError(why, hint=f"`envlock lock -P {package.name}` locks what it says now")


def conda_contents(locked: PlatformLock, files: Mapping[str, Path], cache: Cache) -> tuple[PackageContents, ...]:
    """The contents of the conda packages; OutsideError where a file of one would leave the prefix."""
    if not locked.conda:
        return ()
    minor = python_minor(locked.python)
    raw = read_contents([(p.sha256, str(files[p.sha256])) for p in locked.conda], cache)
    found = {p: contents(raw[p.sha256], python=minor) for p in locked.conda}
    for package, each in found.items():
        if why := conda_disagreement(package, each.provides):
            # what was announced is wrong: the next lock looks into the package itself
            cache.keep(ANNOUNCED, package.sha256, None)
            _refuse(why, package)
    return tuple(_conda_contents(p, each, raw[p.sha256]["files"]) for p, each in found.items())


def _conda_contents(
    package: CondaPackage, found: CondaContents, files: Iterable[tuple[str, int, str]]
) -> PackageContents:
    folders = (path for path, _, kind in files if kind == "directory")
    wrong = [f"`{path}` {problem}" for path in (*found.paths, *folders) if (problem := name_problem(path))]
    if wrong:
        raise OutsideError(f"the conda package `{package.file}` is refused: {'; '.join(wrong)}")
    paths = tuple(sorted((*found.paths, conda_meta_path(package))))
    return PackageContents(
        package=package,
        paths=paths,
        size=found.size,
        scripts=found.scripts,
        activation=found.activation,
        index=found.index,
    )


def _wheel_contents(package: PipPackage, path: Path, locked: PlatformLock, cache: Cache) -> PackageContents:
    minor = python_minor(locked.python)
    # what the lock says of the wheel is part of the key: who changes it has the wheel asked again
    key = f"{package.sha256}-{minor}-{hashlib.sha256(repr(package).encode()).hexdigest()[:16]}"
    kept = cache.record(WHEELS, key, _paths_and_size)
    if kept is None:
        require_promised(package, path, locked)
        planned = image_files(path, minor)
        kept = tuple(f.path for f in planned), sum(f.size for f in planned)
        cache.keep(WHEELS, key, {"paths": kept[0], "size": kept[1]})
    return PackageContents(package=package, paths=kept[0], size=kept[1])


@cache
def image_files(path: Path, minor: str) -> tuple[PrefixFile, ...]:
    """The files of a wheel in an image; planned once in a run, of a file whose name is its content."""
    return wheel_files(path, WheelTarget(prefix=IMAGE_PREFIX, python=minor))


def _paths_and_size(kept: Any) -> tuple[tuple[str, ...], int]:
    return tuple(typed(path, str) for path in typed(kept["paths"], list)), typed(kept["size"], int)
