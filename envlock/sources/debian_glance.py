"""The beginning of a Debian package, which holds its scripts, without the rest of it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from envlock.model.lock import DebianPackage
from envlock.sources.archive_files import SLOTS
from envlock.sources.debian_places import places
from envlock.sources.supply import Supply

_GLANCE = 64 << 10


def glance(package: DebianPackage, supply: Supply) -> bytes | None:
    """The first 64 KiB, or all of a smaller package: from the cache, else from the first place that gives a part of a
    file. None where none does."""
    end = min(package.size, _GLANCE)
    kept = supply.cache.package(package.sha256, package.file_name)
    if kept:
        return _first(kept, end)
    _, own = places(package, supply)
    for place in own:
        if supply.offline and place.distant:
            continue
        url = place.find()
        found = _part(package, url, end, supply) if url else None
        if found is not None:
            return found
    return None


def _part(package: DebianPackage, url: str, end: int, supply: Supply) -> bytes | None:
    parts = urlsplit(url)
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        return _first(path, end) if path.is_file() else None
    with SLOTS:
        return supply.http().part(url, 0, end, login=supply.login(package, url))


def _first(path: Path, end: int) -> bytes:
    with path.open("rb") as file:
        return file.read(end)
