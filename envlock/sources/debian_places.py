"""Where a Debian package is: in the pool of its archive, and where a mirror dropped it, in a snapshot archive."""

import json
import re
from collections.abc import Iterator
from typing import IO, Any
from urllib.parse import quote

from envlock.errors import OutsideError
from envlock.model.lock import DebianPackage
from envlock.sources.archive_files import LOGIN_HINT, SLOTS
from envlock.sources.debian_archives import DebianArchives, seen_by, snapshot_path
from envlock.sources.place import Place, at
from envlock.sources.supply import Supply
from envlock.system.cache import typed
from envlock.system.secrets import redact

__all__ = ["LOGIN_HINT", "download", "hint", "places", "source"]

_SHA1 = re.compile(r"[0-9a-f]{40}")


def places(package: DebianPackage, supply: Supply) -> tuple[list[Place], list[Place]]:
    archives = supply.sources.debian
    if archives is None:
        raise OutsideError(f"`{package.file_name}` is locked, but env.toml has no `[image.debian]`")
    return [], [at(f"{archives.of(package.archive)}/{quote(package.file)}"), *_in_snapshot(package, archives, supply)]


def _in_snapshot(package: DebianPackage, archives: DebianArchives, supply: Supply) -> Iterator[Place]:
    """By name, version and architecture; then where it was when the release was made that it was chosen from."""
    snapshot = archives.snapshot
    if snapshot is None:
        return
    if not snapshot.startswith("file:"):
        version = quote(package.version, safe="")
        asked = f"{snapshot}/mr/binary/{quote(package.name)}/{version}/binfiles?fileinfo=1"
        yield Place(redact(asked), lambda: _named(package, asked, snapshot, supply))
    for time in _times(package, archives):
        yield at(f"{snapshot}/{snapshot_path(package.archive, time)}/{quote(package.file)}")


def _times(package: DebianPackage, archives: DebianArchives) -> Iterator[str]:
    of_security = package.archive == "security"
    dates = {date for suite, date in archives.dates if suite.endswith("-security") == of_security}
    for date in sorted(dates, reverse=True):
        yield from seen_by(date)


def _named(package: DebianPackage, asked: str, snapshot: str, supply: Supply) -> str | None:
    """The address of the file that a snapshot archive has under a name and version, for the right architecture."""
    with SLOTS:
        body = supply.http().read(asked, login=supply.login(package, asked))
    if body is None:
        return None
    try:
        sha1 = _sha1_of(package, json.loads(body))
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        raise OutsideError(f"{redact(asked)} answers what cannot be read") from None
    return f"{snapshot}/file/{sha1}" if sha1 else None


def _sha1_of(package: DebianPackage, answer: Any) -> str | None:
    """Its hash there; of several files, as after a rebuild, that of the locked size."""
    files = [typed(one["hash"], str) for one in answer["result"] if one["architecture"] == package.architecture]
    told = answer.get("fileinfo", {})
    sizes = {sha1: [known["size"] for known in told.get(sha1, [])] for sha1 in files}
    found = sorted(files, key=lambda sha1: package.size not in sizes[sha1])
    return found[0] if found and _SHA1.fullmatch(found[0]) else None


def source(package: DebianPackage) -> str:
    return f"Debian's {package.archive} archive"


def hint(package: DebianPackage) -> str:
    return (
        f"`envlock lock -P {package.name}` chooses what is there now; a snapshot archive has old files"
        " (`snapshot` in `[image.debian]`)"
    )


def download(package: DebianPackage, url: str, target: IO[bytes], limit: int, supply: Supply) -> bool:
    with SLOTS:
        return supply.http().download(url, target, limit=limit, login=supply.login(package, url))
