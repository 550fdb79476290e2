"""What a wheel says of itself, without fetching the wheel where the index keeps its metadata beside it (PEP 658)."""

import zipfile
from pathlib import Path

from packaging.utils import canonicalize_name

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.model.wheel_metadata import WheelMetadata, read_metadata
from envlock.sources.fetch import fetch
from envlock.sources.supply import Supply

RECORD = "wheel-metadata"


def wheel_metadata(package: PipPackage, url: str, supply: Supply) -> WheelMetadata:
    """The metadata of a wheel at `url`; kept by the wheel's sha256, so that it is asked for once."""
    kept = supply.cache.record(RECORD, package.sha256)
    text = kept if isinstance(kept, str) else _read(package, url, supply)
    metadata = read_metadata(text.encode())
    if metadata.name != canonicalize_name(package.name) or str(metadata.version) != package.version:
        raise OutsideError(f"`{package.file}` says that it is {metadata.name} {metadata.version}")
    if kept is None:
        supply.cache.keep(RECORD, package.sha256, text)
    return metadata


def _read(package: PipPackage, url: str, supply: Supply) -> str:
    here = supply.cache.package(package.sha256, package.file)
    remote = not here and not supply.offline and not url.startswith("file:")
    beside = supply.http().read(f"{url}.metadata") if remote else None
    if beside is not None:
        return beside.decode(errors="replace")
    return _inside(here or fetch(package, supply))


def _inside(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as wheel:
            names = [n for n in wheel.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
            return wheel.read(names[0]).decode(errors="replace")
    except (zipfile.BadZipFile, IndexError) as error:
        raise OutsideError(f"`{path.name}` is not a wheel: it has no METADATA") from error
