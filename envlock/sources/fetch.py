"""Gets a locked package into the cache: verified by its sha256, whichever way it came."""

from pathlib import Path
from typing import IO
from urllib.parse import unquote, urlsplit

from envlock.errors import Interrupted, OutsideError
from envlock.model.lock import CondaPackage, PipPackage, PrefixPackage
from envlock.sources.channel import download
from envlock.sources.lfs import real_file
from envlock.sources.order import PLACES, Place, places
from envlock.sources.supply import Supply
from envlock.system.cache import Cache
from envlock.system.login import Refused
from envlock.system.secrets import redact

__all__ = ["PLACES", "fetch", "remember"]

# bytes over the locked size that are still read: then a file that was changed can be named by its hash
_SLACK = 16 << 20
_MOST = 20 << 30  # bytes of a package whose size nobody tells
_PIECE = 1 << 20


def remember(sha256: str, url: str, cache: Cache) -> None:
    """Notes where a package is, for fetching it later without asking; never a URL that holds a secret."""
    if redact(url) == url and cache.record(PLACES, sha256) != url:
        cache.keep(PLACES, sha256, url)


def fetch(package: PrefixPackage, supply: Supply) -> Path:
    """The package's file in the cache; OutsideError naming file and sha256 where it cannot be had."""
    here = supply.cache.package(package.sha256, package.file)
    if here:
        return here
    with supply.cache.lock(f"package-{package.sha256[:32]}"):
        here = supply.cache.package(package.sha256, package.file)
        if here:
            return here
        return _Search(package, supply).go()


class _NotThere(Exception):
    """The place is known to have no such file; the next one may."""


class _Search:
    """One package being looked for: what was tried, and what came of it."""

    def __init__(self, package: PrefixPackage, supply: Supply) -> None:
        self._package, self._supply = package, supply
        self._gone: list[str] = []
        self._failed: list[tuple[str, OutsideError]] = []
        self._tried: set[str] = set()
        self._passed_over = False

    def go(self) -> Path:
        for place in places(self._package, self._supply):
            found = self._try(place)
            if found:
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
            self._failed.append((place.shown, error))
        if place.remembered and not self._supply.offline:
            self._supply.cache.keep(PLACES, self._package.sha256, None)
        return None

    def _failure(self) -> OutsideError:
        if self._passed_over:
            return OutsideError(
                f"`{self._package.file}` is not in the cache, and this is --offline", hint="run it once without"
            )
        hint = next((_login_hint(self._package) for _, error in self._failed if isinstance(error, Refused)), None)
        if len(self._failed) == 1 and not self._gone:
            only = self._failed[0][1]
            return OutsideError(only.message, hint=only.hint or hint)
        named = f"`{self._package.file}` (sha256 {self._package.sha256})"
        if self._failed:
            lines = [f"  {place}: {error.message}" for place, error in self._failed]
            lines += [f"  {place}: it is not there" for place in self._gone]
            return OutsideError("\n".join([f"{named} cannot be had", *lines]), hint=self._failed[0][1].hint or hint)
        source = self._package.channel if isinstance(self._package, CondaPackage) else self._package.source
        where = f", tried {', '.join(dict.fromkeys(self._gone))}" if self._gone else ""
        return OutsideError(f"{named} is no longer to be had from `{source}`{where}", hint=_hint(self._package))


def _login_hint(package: PrefixPackage) -> str:
    if isinstance(package, CondaPackage):
        return "a login goes into netrc, or into the file that RATTLER_AUTH_FILE names"
    return "a login goes into ENVLOCK_INDEX_NAME_USERNAME and ENVLOCK_INDEX_NAME_PASSWORD, or netrc"


def _hint(package: PrefixPackage) -> str:
    if isinstance(package, PipPackage) and package.path:
        return "get it back, or take it out of env.toml"
    if isinstance(package, PipPackage) and package.url:
        return "give another address in env.toml"
    return f"`envlock lock -P {package.name}` chooses what is there now"


def _take(package: PrefixPackage, url: str, supply: Supply) -> Path:
    # sizes of 0 are unknown ones, too
    limit = (package.size or _MOST) + _SLACK

    def fill(target: IO[bytes]) -> None:
        parts = urlsplit(url)
        if parts.scheme == "file":
            _copy(real_file(Path(unquote(parts.path))), target, limit=limit)
        elif not _downloaded(package, url, target, limit, supply):
            raise _NotThere

    return supply.cache.add_package(package.sha256, package.file, fill)


def _downloaded(package: PrefixPackage, url: str, target: IO[bytes], limit: int, supply: Supply) -> bool:
    """Fills `target`, an empty file; False where nothing is at `url`."""
    try:
        return supply.http().download(url, target, limit=limit, login=supply.login(package, url))
    except Refused as refused:
        if not isinstance(package, CondaPackage):
            raise
        # py-rattler knows logins that nobody else can read: OAuth, and what is in the keyring under its own names
        with download(url, limit, supply.cache) as path:
            if path is None:
                raise refused
            _copy(path, target, limit=limit)
    return True


def _copy(path: Path, target: IO[bytes], *, limit: int) -> None:
    total = 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            total += len(piece)
            if total > limit:
                raise OutsideError(f"`{path}` has more than the {limit} bytes it should")
            target.write(piece)
