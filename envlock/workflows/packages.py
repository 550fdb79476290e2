"""Locked packages as files: fetched once, several at a time."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, Inputs, PipPackage, PlatformLock
from envlock.sources.fetch import fetch
from envlock.sources.places import Sources
from envlock.workflows.context import Context
from envlock.workflows.project import Project

_AT_ONCE = 8


def sources_of(inputs: Inputs, project: Project) -> Sources:
    """Where the packages of a lock come from."""
    return Sources.of(inputs.channels, inputs.indexes, project.folder)


def fetch_all(locked: PlatformLock, sources: Sources, context: Context) -> dict[str, Path]:
    """Every package of a platform in the cache, by sha256; one error that names all that cannot be had."""
    missing = [p for p in locked.packages if context.cache.package(p.sha256, p.file) is None]
    if missing:
        megabytes = sum(p.size or 0 for p in missing) / 1e6
        context.progress(f"{locked.platform}: fetching {len(missing)} packages, {megabytes:.1f} MB")
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            failures = [f for f in pool.map(lambda p: _failure(p, sources, context), missing) if f]
        _raise(failures)
    return {p.sha256: fetch(p, sources, context.cache, context.http) for p in locked.packages}


def _failure(package: CondaPackage | PipPackage, sources: Sources, context: Context) -> OutsideError | None:
    try:
        fetch(package, sources, context.cache, context.http)
    except OutsideError as error:
        return error
    return None


def _raise(failures: Sequence[OutsideError]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        listed = "\n".join(f"  {failure.message}" for failure in failures)
        raise OutsideError(f"{len(failures)} packages cannot be had\n{listed}", hint=failures[0].hint)
