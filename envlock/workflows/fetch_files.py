"""Files of locked packages in the cache: what is missing fetched, several at a time, all failures said at once."""

from collections.abc import Callable, Sequence
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import Package
from envlock.sources.fetch import fetch, file_name
from envlock.sources.supply import Supply
from envlock.system.side_by_side import AT_ONCE, side_by_side
from envlock.workflows.context import Context


def fetch_files(
    packages: Sequence[Package],
    context: Context,
    *,
    supply: Callable[[], Supply],
    what: str,
    at_once: int = AT_ONCE,
) -> dict[str, Path]:
    """The files by sha256; one error names all that cannot be had. `what` stands before the line about the fetching;
    `supply` is called where anything is missing."""
    stop, cache = context.stopped.set, context.cache
    # what is about to be unpacked is hashed once more: a disk that lost a bit must not change an image
    here = side_by_side(lambda p: cache.intact(p.sha256, file_name(p)), packages, stop=stop)
    missing = [p for p, intact in zip(packages, here, strict=True) if not intact]
    if missing:
        megabytes = sum(p.size or 0 for p in missing) / 1e6
        count = f"{len(missing)} packages" if len(missing) > 1 else "a package"
        context.progress(f"{what}: fetching {count}, {megabytes:.1f} MB")
        source = supply()
        _raise([f for f in side_by_side(lambda p: _failure(p, source), missing, stop=stop, at_once=at_once) if f])
    return {p.sha256: cache.package(p.sha256, file_name(p)) or fetch(p, supply()) for p in packages}


def _failure(package: Package, supply: Supply) -> OutsideError | None:
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
