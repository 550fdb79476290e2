"""What a wheel says of itself, without fetching the wheel where the index keeps its metadata beside it (PEP 658)."""

import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.model.wheel_metadata import WheelMetadata, read_metadata
from envlock.sources.fetch import fetch
from envlock.sources.supply import Supply

# what an index said beside a wheel, by the wheel's sha256: good enough to solve with, and asked for once
ANNOUNCED = "wheel-metadata"


def wheel_metadata(package: PipPackage, url: str, supply: Supply) -> WheelMetadata:
    """The metadata of a wheel at `url`: its own where it is here, else what the index says."""
    here = supply.cache.package(package.sha256, package.file)
    if here:
        return own_metadata(here, package)
    kept = supply.cache.record(ANNOUNCED, package.sha256)
    text = kept if isinstance(kept, str) else _announced(package, url, supply)
    if text is None:
        return own_metadata(fetch(package, supply), package)
    metadata = _of(package, text.encode())
    if kept is None:
        supply.cache.keep(ANNOUNCED, package.sha256, text)
    return metadata


def own_metadata(path: Path, package: PipPackage) -> WheelMetadata:
    """What a wheel that is here says of itself; OutsideError where it is another than the lock names."""
    return _of(package, _inside(path))


def said_by(path: Path) -> WheelMetadata:
    """What a wheel says of itself, whatever it was expected to be."""
    return read_metadata(_inside(path))


def _of(package: PipPackage, content: bytes) -> WheelMetadata:
    metadata = read_metadata(content)
    if metadata.name != canonicalize_name(package.name) or str(metadata.version) != package.version:
        raise OutsideError(f"`{package.file}` says that it is {metadata.name} {metadata.version}")
    return metadata


def _announced(package: PipPackage, url: str, supply: Supply) -> str | None:
    if supply.offline or url.startswith("file:"):
        return None
    beside = supply.http().read(f"{url}.metadata", login=supply.login(package, url))
    return None if beside is None else beside.decode(errors="replace")


def _inside(path: Path) -> bytes:
    try:
        with zipfile.ZipFile(path) as wheel:
            names = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
            return wheel.read(names[0])
    except (zipfile.BadZipFile, IndexError) as error:
        raise OutsideError(f"`{path.name}` is not a wheel: it has no METADATA") from error
