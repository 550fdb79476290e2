"""Files of locked packages in the cache: what is missing fetched, several at a time, all failures said at once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import Package
from envlock.sources.fetch import fetch, file_name
from envlock.sources.supply import Supply
from envlock.system.side_by_side import AT_ONCE, side_by_side
from envlock.workflows.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetching:
    """`what` stands before the line about the fetching; `arrived` is called, where packages are fetched, with each."""

    what: str
    at_once: int = AT_ONCE
    arrived: Callable[[Package, Path], None] = lambda _package, _path: None


def fetch_files(
    packages: Sequence[Package], context: Context, how: Fetching, supply: Callable[[], Supply]
) -> dict[str, Path]:
    """The files by sha256; one error names all that cannot be had. `supply` is called where anything is missing."""
    stop, cache = context.stopped.set, context.cache
    # what is about to be unpacked is hashed once more: a disk that lost a bit must not change an image
    here = side_by_side(lambda p: cache.intact(p.sha256, file_name(p)), packages, stop=stop)
    missing = [p for p, intact in zip(packages, here, strict=True) if not intact]
    if missing:
        megabytes = sum(p.size or 0 for p in missing) / 1e6
        count = f"{len(missing)} packages" if len(missing) > 1 else "a package"
        context.progress(f"{how.what}: fetching {count}, {megabytes:.1f} MB")
        source = supply()
        done = side_by_side(lambda p: _failure(p, source, how), missing, stop=stop, at_once=how.at_once)
        _raise([failure for failure in done if failure])
    return {p.sha256: cache.package(p.sha256, file_name(p)) or fetch(p, supply()) for p in packages}


def _failure(package: Package, supply: Supply, how: Fetching) -> OutsideError | None:
    try:
        how.arrived(package, fetch(package, supply))
    except OutsideError as error:
        return error
    return None


def _raise(failures: Sequence[OutsideError]) -> None:
    if len(failures) == 1:
        raise failures[0]
    if failures:
        listed = "\n".join(f"  {failure.message}" for failure in failures)
        raise OutsideError(f"{len(failures)} packages cannot be had\n{listed}", hint=failures[0].hint)
