"""Gets a locked package into the cache: verified by its sha256, whichever way it came."""

from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from envlock.errors import Interrupted, OutsideError
from envlock.model.lock import Package
from envlock.sources.copying import copy_file
from envlock.sources.kinds import KINDS
from envlock.sources.lfs import real_file
from envlock.sources.order import PLACES, places
from envlock.sources.place import Place
from envlock.sources.supply import Supply
from envlock.system.cache import Cache
from envlock.system.login import Refused
from envlock.system.secrets import redact

__all__ = ["PLACES", "fetch", "file_name", "remember"]

# bytes over the locked size that are still read: then a file that was changed can be named by its hash
_SLACK = 16 << 20
_MOST = 20 << 30  # bytes of a package whose size nobody tells


def remember(sha256: str, url: str, cache: Cache) -> None:
    """Notes where a package is, for fetching it later without asking; never a URL that holds a secret."""
    if redact(url) == url and cache.record(PLACES, sha256) != url:
        cache.keep(PLACES, sha256, url)


def file_name(package: Package) -> str:
    """What a package is called in the cache: of Debian's, `file` is a path."""
    return package.file.rpartition("/")[2]


def fetch(package: Package, supply: Supply) -> Path:
    """The package's file in the cache; OutsideError naming file and sha256 where it cannot be had."""
    here = supply.cache.package(package.sha256, file_name(package))
    if here:
        return here
    with supply.cache.lock(f"package-{package.sha256[:32]}"):
        here = supply.cache.package(package.sha256, file_name(package))
        if here:
            return here
        return _Search(package, supply).go()


class _NotThere(Exception):
    """The place is known to have no such file; the next one may."""


class _Search:
    """One package being looked for: what was tried, and what came of it."""

    def __init__(self, package: Package, supply: Supply) -> None:
        self._package, self._supply = package, supply
        self._kind = KINDS[package.kind]
        self._gone: list[str] = []
        self._failed: list[tuple[Place, OutsideError]] = []
        self._tried: set[str] = set()
        self._passed_over = False

    def go(self) -> Path:
        for place in places(self._package, self._supply):
            found = self._try(place)
            if found:
                self._warn()
                return found
        raise self._failure()

    def _try(self, place: Place) -> Path | None:
        """The file, where it is in that place; a better place may come."""
        if self._supply.offline and place.distant:
            self._passed_over = True
            return None
        try:
            url = place.find()
            if url is None:
                self._gone.append(place.shown)
            elif url not in self._tried:
                self._tried.add(url)
                return _take(self._package, url, self._supply)
        except (_NotThere, FileNotFoundError):
            self._gone.append(redact(url or place.shown))
        except Interrupted:
            raise
        except OutsideError as error:
            self._failed.append((place, error))
        if place.remembered and not self._supply.offline:
            self._supply.cache.keep(PLACES, self._package.sha256, None)
        return None

    def _warn(self) -> None:
        for place, error in self._failed:
            if place.saved:
                self._supply.told(f"warning: `{place.shown}` is passed over: {error.message}")

    def _failure(self) -> OutsideError:
        package = self._package
        if self._passed_over and not self._failed:
            return OutsideError(
                f"`{file_name(package)}` is not in the cache, and this is --offline", hint="run it once without"
            )
        refused = any(isinstance(error, Refused) for _, error in self._failed)
        hint = self._kind.login_hint if refused else None
        if len(self._failed) == 1 and not self._gone:
            only = self._failed[0][1]
            return OutsideError(only.message, hint=only.hint or hint)
        named = f"`{file_name(package)}` (sha256 {package.sha256})"
        if self._failed:
            lines = [f"  {place.shown}: {error.message}" for place, error in self._failed]
            lines += [f"  {place}: it is not there" for place in self._gone]
            return OutsideError("\n".join([f"{named} cannot be had", *lines]), hint=self._failed[0][1].hint or hint)
        where = f", tried {', '.join(dict.fromkeys(self._gone))}" if self._gone else ""
        return OutsideError(
            f"{named} is no longer to be had from {self._kind.source(package)}{where}", hint=self._kind.hint(package)
        )


def _take(package: Package, url: str, supply: Supply) -> Path:
    # sizes of 0 are unknown ones, too
    limit = (package.size or _MOST) + _SLACK

    def fill(target: IO[bytes]) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            copy_file(real_file(Path(unquote(parts.path))), target, limit=limit)
        elif not KINDS[package.kind].download(package, url, target, limit, supply):
            raise _NotThere

    return supply.cache.add_package(package.sha256, file_name(package), fill)
