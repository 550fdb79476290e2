"""Gets a locked package into the cache: verified by its sha256, whichever way it came."""

from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from envlock.errors import Interrupted, OutsideError
from envlock.model.lock import CondaPackage, PipPackage
from envlock.sources.channel import find_package
from envlock.sources.supply import Supply
from envlock.system.cache import Cache, typed
from envlock.system.secrets import redact

# bytes over the locked size that are still read: then a file that was changed can be named by its hash
_SLACK = 16 << 20
_MOST = 20 << 30  # bytes of a package whose size nobody tells
_PIECE = 1 << 20
# where a package was last seen, by its sha256: only tried first, never believed
PLACES = "places"


def remember(sha256: str, url: str, cache: Cache) -> None:
    """Notes where a package is, for fetching it later without asking; never a URL that holds a secret."""
    if redact(url) == url and cache.record(PLACES, sha256) != url:
        cache.keep(PLACES, sha256, url)


def fetch(package: CondaPackage | PipPackage, supply: Supply) -> Path:
    """The package's file in the cache; OutsideError naming file and sha256 where it cannot be had."""
    here = supply.cache.package(package.sha256, package.file)
    if here:
        return here
    with supply.cache.lock(f"package-{package.sha256[:32]}"):
        here = supply.cache.package(package.sha256, package.file)
        if here:
            return here
        return _from_anywhere(package, supply)


def _from_anywhere(package: CondaPackage | PipPackage, supply: Supply) -> Path:
    gone: list[str] = []
    failed: list[OutsideError] = []
    remembered = supply.cache.record(PLACES, package.sha256, lambda kept: typed(kept, str))
    try:
        for url in _places(package, remembered, supply):
            try:
                return _take(package, url, supply)
            except (_NotThere, FileNotFoundError):
                gone.append(redact(url))
            except Interrupted:
                raise
            except OutsideError as error:
                failed.append(error)  # another place may be better than the remembered one
            if url == remembered and not supply.offline:
                supply.cache.keep(PLACES, package.sha256, None)
    except Interrupted:
        raise
    except OutsideError as error:
        failed.append(error)
    raise failed[0] if failed else _missing(package, gone)


class _NotThere(Exception):
    """The place is known to have no such file; the next one may."""


def _places(package: CondaPackage | PipPackage, remembered: str | None, supply: Supply) -> Iterator[str]:
    """Where the package may be: as remembered, where it usually would be, and where it is said to be now."""
    tried = [remembered]
    if remembered:
        yield remembered
    if isinstance(package, CondaPackage):
        usual = supply.sources.conda_url(package.channel, package.subdir, package.file)
        if usual != remembered:
            yield usual
        tried.append(usual)
    elif supply.offline:
        raise _not_here(package)
    now = None if supply.offline else _asked(package, supply)
    if now and now not in tried:
        yield now


def _asked(package: CondaPackage | PipPackage, supply: Supply) -> str | None:
    """The place that the channel or index names when it is asked."""
    if isinstance(package, CondaPackage):
        return find_package(package, supply.sources.channels[package.channel], supply.cache)
    index = supply.sources.indexes.get(package.index or "")
    return supply.find_wheel(supply.http(), index, name=package.name, file=package.file, sha256=package.sha256)


def _take(package: CondaPackage | PipPackage, url: str, supply: Supply) -> Path:
    # sizes of 0 are unknown ones, too
    limit = (package.size or _MOST) + _SLACK

    def fill(target: IO[bytes]) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            _copy(Path(unquote(parts.path)), target, limit=limit)
        elif supply.offline:
            raise _not_here(package)
        elif not supply.http().download(url, target, limit=limit, login=supply.login(package, url)):
            raise _NotThere

    return supply.cache.add_package(package.sha256, package.file, fill)


def _copy(path: Path, target: IO[bytes], *, limit: int) -> None:
    total = 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            total += len(piece)
            if total > limit:
                raise OutsideError(f"`{path}` has more than the {limit} bytes it should")
            target.write(piece)


def _not_here(package: CondaPackage | PipPackage) -> OutsideError:
    return OutsideError(f"`{package.file}` is not in the cache, and this is --offline", hint="run it once without")


def _missing(package: CondaPackage | PipPackage, tried: list[str]) -> OutsideError:
    source = package.channel if isinstance(package, CondaPackage) else package.source
    where = f", tried {', '.join(tried)}" if tried else ""
    return OutsideError(
        f"`{package.file}` (sha256 {package.sha256}) is no longer to be had from `{source}`{where}",
        hint="`envlock lock --upgrade` chooses what is there now",
    )
