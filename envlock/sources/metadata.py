"""What a wheel says of itself, without fetching the wheel where the index keeps its metadata beside it (PEP 658)."""

import io
import zipfile
import zlib
from pathlib import Path
from typing import IO

from packaging.utils import canonicalize_name

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.model.wheel_metadata import WheelMetadata, read_metadata
from envlock.sources.distant import PIECE, DistantFile
from envlock.sources.fetch import fetch
from envlock.sources.supply import Supply

# what an index said beside a wheel, by the wheel's sha256: good enough to solve with, and asked for once
ANNOUNCED = "wheel-metadata"


def wheel_metadata(package: PipPackage, url: str, supply: Supply) -> WheelMetadata:
    """The metadata of a wheel at `url`: its own where it is here, else what the index says."""
    known = kept_metadata(package, supply)
    if known:
        return known
    text = _announced(package, url, supply)
    if text is None:
        return own_metadata(fetch(package, supply), package)
    metadata = promised_metadata(package, text.encode())
    supply.cache.keep(ANNOUNCED, package.sha256, text)
    return metadata


def kept_metadata(package: PipPackage, supply: Supply) -> WheelMetadata | None:
    """The same, as far as it is in the cache."""
    here = supply.cache.package(package.sha256, package.file)
    if here:
        return own_metadata(here, package)
    kept = supply.cache.record(ANNOUNCED, package.sha256)
    return promised_metadata(package, kept.encode()) if isinstance(kept, str) else None


def own_metadata(path: Path, package: PipPackage) -> WheelMetadata:
    """What a wheel that is here says of itself; OutsideError where it is another than the lock names."""
    return promised_metadata(package, metadata_of_file(path))


def said_by(path: Path) -> WheelMetadata:
    """What a wheel says of itself, whatever it was expected to be."""
    return read_metadata(metadata_of_file(path))


def promised_metadata(package: PipPackage, content: bytes) -> WheelMetadata:
    """METADATA, read; OutsideError where it is of another package."""
    metadata = read_metadata(content)
    if metadata.name != canonicalize_name(package.name) or str(metadata.version) != package.version:
        raise OutsideError(f"`{package.file}` says that it is {metadata.name} {metadata.version}")
    return metadata


def _announced(package: PipPackage, url: str, supply: Supply) -> str | None:
    if supply.offline or url.startswith("file:"):
        return None
    beside = supply.http().read(f"{url}.metadata", login=supply.login(package, url))
    found = beside if beside is not None else _glanced(package, url, supply)
    return None if found is None else found.decode(errors="replace")


def _glanced(package: PipPackage, url: str, supply: Supply) -> bytes | None:
    """METADATA read out of a wheel that stays where it is; None where that cannot be done, or is not worth it."""
    if not package.size or package.size < 4 * PIECE:
        return None
    login, http = supply.login(package, url), supply.http()

    def get(first: int, end: int) -> bytes:
        part = http.part(url, first, end, login=login)
        if part is None:
            raise EOFError
        return part

    try:
        return _metadata_in(io.BufferedReader(DistantFile(package.size, get), PIECE))
    except (EOFError, OSError, zipfile.BadZipFile, IndexError, NotImplementedError, zlib.error):
        return None  # the whole wheel tells more, and its hash is checked


def _metadata_in(file: Path | IO[bytes]) -> bytes:
    with zipfile.ZipFile(file) as wheel:
        names = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
        return wheel.read(names[0])


def metadata_of_file(path: Path) -> bytes:
    """The METADATA in a wheel, as it stands; OutsideError for what is no wheel."""
    try:
        return _metadata_in(path)
    except (zipfile.BadZipFile, IndexError) as error:
        raise OutsideError(f"`{path.name}` is not a wheel: it has no METADATA") from error
