"""Gets a locked package into the cache: verified by its sha256, whichever way it came."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, PipPackage
from envlock.sources.supply import Supply
from envlock.system.secrets import redact

# bytes over the locked size that are still read: then a file that was changed can be named by its hash
_SLACK = 16 << 20
# where a package was last seen, by its sha256: only tried first, never believed
PLACES = "places"


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
    try:
        for url in _places(package, supply):
            try:
                return _take(package, url, supply)
            except (_NotThere, FileNotFoundError):
                gone.append(redact(url))
            except OutsideError as error:
                failed.append(error)  # the index may know a better place than the remembered one
    except OutsideError as error:
        failed.append(error)
    raise failed[0] if failed else _missing(package, gone)


class _NotThere(Exception):
    """The place is known to have no such file; the next one may."""


def _places(package: CondaPackage | PipPackage, supply: Supply) -> Iterator[str]:
    if isinstance(package, CondaPackage):
        yield supply.sources.conda_url(package.channel, package.subdir, package.file)
        return
    remembered = supply.cache.record(PLACES, package.sha256)
    if remembered:
        yield remembered
    if supply.offline:
        raise _not_here(package)
    index = supply.sources.indexes.get(package.index)
    url = supply.find_wheel(supply.http(), index, name=package.name, file=package.file, sha256=package.sha256)
    if url and url != remembered:
        yield url


def _take(package: CondaPackage | PipPackage, url: str, supply: Supply) -> Path:
    def fill(target: IO[bytes]) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            with Path(unquote(parts.path)).open("rb") as source:
                shutil.copyfileobj(source, target, 1 << 20)
            return
        if supply.offline:
            raise _not_here(package)
        limit = None if package.size is None else package.size + _SLACK
        if not supply.http().download(url, target, limit=limit):
            raise _NotThere

    return supply.cache.add_package(package.sha256, package.file, fill)


def _not_here(package: CondaPackage | PipPackage) -> OutsideError:
    return OutsideError(f"`{package.file}` is not in the cache, and this is --offline", hint="run it once without")


def _missing(package: CondaPackage | PipPackage, tried: list[str]) -> OutsideError:
    source = package.channel if isinstance(package, CondaPackage) else package.index
    where = f", tried {', '.join(tried)}" if tried else ""
    return OutsideError(
        f"`{package.file}` (sha256 {package.sha256}) is no longer to be had from `{source}`{where}",
        hint="`envlock lock --upgrade` chooses what is there now",
    )
