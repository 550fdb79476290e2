"""Locked packages as files: fetched once, several at a time."""

from collections.abc import Sequence
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import Inputs, PlatformLock, PrefixPackage
from envlock.sources.fetch import fetch
from envlock.sources.places import Sources
from envlock.sources.supply import Supply
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.logins import logged_in, logins, sources_of
from envlock.workflows.project import Project
from envlock.workflows.side_by_side import side_by_side


def supply_of(sources: Sources, context: Context) -> Supply:
    """All that fetching from these sources needs."""
    return Supply(
        sources=sources,
        cache=context.cache,
        offline=context.offline,
        http=lambda: logged_in(sources, context),
        find_wheel=later.find_wheel,
        login=logins(sources, context),
        told=context.progress,
    )


def fetch_all(locked: PlatformLock, inputs: Inputs, project: Project, context: Context) -> dict[str, Path]:
    """Every file that is locked for a platform in the cache, by sha256; one error that names all that cannot be had."""
    supply = supply_of(sources_of(inputs.channels, inputs.indexes, project.folder, context), context)
    # what is about to be unpacked is hashed once more: a disk that lost a bit must not change an image
    files = [p for p in locked.prefix_packages if p.sha256]
    here = side_by_side(lambda p: context.cache.intact(p.sha256, p.file), files, stop=context.stopped.set)
    missing = [p for p, intact in zip(files, here, strict=True) if not intact]
    if missing:
        megabytes = sum(p.size or 0 for p in missing) / 1e6
        context.progress(f"{locked.platform}: fetching {len(missing)} packages, {megabytes:.1f} MB")
        _raise([f for f in side_by_side(lambda p: _failure(p, supply), missing, stop=context.stopped.set) if f])
    return {p.sha256: fetch(p, supply) for p in files}


def _failure(package: PrefixPackage, supply: Supply) -> OutsideError | None:
    try:
        fetch(package, supply)
    except OutsideError as error:
        return error
    return None


def _raise(failures: Sequence[OutsideError]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        listed = "\n".join(f"  {failure.message}" for failure in failures)
        raise OutsideError(f"{len(failures)} packages cannot be had\n{listed}", hint=failures[0].hint)
