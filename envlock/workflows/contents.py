"""What each locked package puts into a prefix: paths and size, read once and kept by the package's sha256."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from envlock.environments.wheel import WheelTarget, placed
from envlock.errors import OutsideError
from envlock.model.conda_contents import CondaContents, conda_meta_path, contents
from envlock.model.files import IMAGE_PREFIX, PrefixFile
from envlock.model.lock import CondaPackage, PipPackage, PlatformLock, PrefixPackage
from envlock.model.paths import name_problem
from envlock.model.platform import PLATFORMS
from envlock.model.promises import conda_disagreement, disagreement
from envlock.model.spec import python_minor
from envlock.sources.metadata import metadata_of_file, promised_metadata
from envlock.system.cache import Cache, typed
from envlock.workflows.known_wheels import known_wheel
from envlock.workflows.package_files import bring
from envlock.workflows.solve_conda import ANNOUNCED, known_contents, read_contents

WHEELS = "wheel-contents"


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageContents:
    """Paths below the prefix, sorted; unpacked size in bytes; scripts that would want to run when it is linked;
    the texts of what conda would read on activation, by path; what a conda package's own index says; and the `files`
    of a wheel in an image."""

    package: PrefixPackage
    paths: tuple[str, ...]
    size: int
    scripts: tuple[str, ...] = ()
    activation: tuple[tuple[str, str], ...] = ()
    index: Mapping[str, Any] = field(default_factory=dict)
    files: Callable[[], tuple[PrefixFile, ...]] = field(default=tuple, compare=False)

    @property
    def key(self) -> str:
        """What layers and ownership know the package by."""
        return f"{self.package.kind}:{self.package.name}"


def all_contents(locked: PlatformLock, files: Mapping[str, Path], cache: Cache) -> tuple[PackageContents, ...]:
    """The contents of every package of a platform; `files` are the packages by sha256."""
    minor = python_minor(locked.python)
    kept = {p: cache.record(WHEELS, _wheel_key(p, minor), _paths_and_size) for p in locked.pip}
    unknown = [package.sha256 for package, known in kept.items() if known is None]
    conda = conda_contents(locked, files, cache, beside=unknown)
    return (*conda, *(_wheel_contents(p, known, files, locked, cache) for p, known in kept.items()))


def require_promised(package: PipPackage, path: Path, locked: PlatformLock, said: bytes | None = None) -> None:
    """OutsideError where a wheel's own METADATA, read here unless it is `said`, is not what the lock says of it."""
    environment = PLATFORMS[locked.platform].markers(locked.python or "")
    own = promised_metadata(package, metadata_of_file(path) if said is None else said)
    _refuse(disagreement(package, own, environment), package)


def _refuse(why: str | None, package: PrefixPackage) -> None:
    if why:
        raise OutsideError(why, hint=f"`envlock lock -P {package.name}` locks what it says now")


def conda_contents(
    locked: PlatformLock, files: Mapping[str, Path], cache: Cache, *, beside: Sequence[str] = ()
) -> tuple[PackageContents, ...]:
    """The contents of the conda packages; OutsideError where a file of one would leave the prefix. The files `beside`
    theirs are brought together with them."""
    kept = known_contents([p.sha256 for p in locked.conda], cache)
    missing = [p.sha256 for p in locked.conda if p.sha256 not in kept]
    bring(files, [*missing, *beside])
    minor = python_minor(locked.python)
    raw = {**kept, **read_contents([(sha256, str(files[sha256])) for sha256 in missing], cache)}
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


def _wheel_key(package: PipPackage, minor: str) -> str:
    # what the lock says of the wheel is part of the key: who changes it has the wheel asked again
    return f"{package.sha256}-{minor}-{hashlib.sha256(repr(package).encode()).hexdigest()[:16]}"


def _wheel_contents(
    package: PipPackage,
    known: tuple[tuple[str, ...], int] | None,
    files: Mapping[str, Path],
    locked: PlatformLock,
    cache: Cache,
) -> PackageContents:
    minor = python_minor(locked.python)
    target = WheelTarget(prefix=IMAGE_PREFIX, python=minor)
    if known is not None:
        return PackageContents(
            package=package,
            paths=known[0],
            size=known[1],
            files=lambda: placed(known_wheel(package, files[package.sha256], cache), target),
        )
    wheel = known_wheel(package, files[package.sha256], cache)
    require_promised(package, files[package.sha256], locked, wheel.metadata)
    found = placed(wheel, target)
    paths, size = tuple(f.path for f in found), sum(f.size for f in found)
    cache.keep(WHEELS, _wheel_key(package, minor), {"paths": paths, "size": size}, lasting=False)
    # its layer is most likely to be made next: kept, they need not be placed again
    return PackageContents(package=package, paths=paths, size=size, files=lambda: found)


def _paths_and_size(kept: Any) -> tuple[tuple[str, ...], int]:
    return tuple(typed(path, str) for path in typed(kept["paths"], list)), typed(kept["size"], int)
