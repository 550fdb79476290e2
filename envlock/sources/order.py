"""Where a locked package is looked for, in order: the mirror, where it was last seen, the channel or index."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, PipPackage, PrefixPackage
from envlock.sources.channel import find_package
from envlock.sources.places import file_url
from envlock.sources.supply import Supply
from envlock.system.cache import typed
from envlock.system.secrets import redact

# where a package was last seen, by its sha256: never believed, and no mirror
PLACES = "places"


@dataclass(frozen=True, slots=True)
class Place:
    """One place: `shown` to people, and by `find` the URL of the file there, None where it is not there.

    `distant` ones need a connection to be asked; `remembered` ones are forgotten when they are no good.
    """

    shown: str
    find: Callable[[], str | None]
    distant: bool = True
    remembered: bool = False


def places(package: PrefixPackage, supply: Supply) -> Iterator[Place]:
    """Every place where the package may be, the best first."""
    kept = supply.cache.record(PLACES, package.sha256, lambda kept: typed(kept, str))
    mirrored, own = _of_source(package, supply)
    yield from mirrored
    if kept:
        yield _at(kept, remembered=True)
    yield from own


def _of_source(package: PrefixPackage, supply: Supply) -> tuple[list[Place], list[Place]]:
    """The places of a package's source: those of its mirror, and its own."""
    sources = supply.sources
    if isinstance(package, CondaPackage):
        mirror, url = sources.mirrors.get(package.channel), sources.channel(package.channel, package.file)
        return (_of_channel(package, mirror, supply) if mirror else []), _of_channel(package, url, supply)
    if package.index is not None:
        mirror, index = sources.mirrors.get(package.index), sources.index(package.index, package.file)
        return ([_of_index(package, mirror, supply)] if mirror else []), [_of_index(package, index, supply)]
    return [], [_at(package.url) if package.url else _local(package, supply)]


def _at(url: str, *, remembered: bool = False) -> Place:
    return Place(redact(url), lambda: url, distant=not url.startswith("file:"), remembered=remembered)


def _of_channel(package: CondaPackage, url: str, supply: Supply) -> list[Place]:
    """Where the file usually is in a channel, and where the channel says it is."""
    index = f"{redact(url)}/{package.subdir}/repodata.json"
    return [
        _at(file_url(url, package.subdir, package.file)),
        Place(index, lambda: find_package(package, url, supply.cache)),
    ]


def _of_index(package: PipPackage, url: str | None, supply: Supply) -> Place:
    shown = (
        f"{redact(url).rstrip('/')}/{package.name}/" if url else f"the page of `{package.name}` on `{package.index}`"
    )
    return Place(shown, lambda: _listed(package, url, supply), distant=not (url or "").startswith("file:"))


def _listed(package: PipPackage, index_url: str | None, supply: Supply) -> str | None:
    """Where an index says the file is; that it was yanked is told, but does not hide it."""
    http, name = supply.http(), package.name
    listed = supply.find_wheel(http, index_url, name=name, file=package.file, sha256=package.sha256)
    if listed is None:
        return None
    if listed.yanked is not None:
        why = f": {listed.yanked}" if listed.yanked else ""
        supply.told(f"warning: `{package.file}` was yanked from `{package.index}`{why}")
    return listed.url


def _local(package: PipPackage, supply: Supply) -> Place:
    if supply.sources.folder is None or package.path is None:
        raise OutsideError(f"`{package.name}` is no file that could be fetched")
    here = Path(supply.sources.folder, package.path)
    return Place(package.path, lambda: here.resolve().as_uri() if here.is_file() else None, distant=False)
