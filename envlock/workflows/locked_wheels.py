"""What the wheels that are locked say of themselves, read while a solver is at work: most of them will stay."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from envlock.errors import OutsideError
from envlock.model.lock import PipPackage
from envlock.model.requirements import parsed
from envlock.model.wheel_metadata import WheelMetadata
from envlock.sources.metadata import kept_metadata
from envlock.sources.supply import Supply


def locked_wheels(packages: Iterable[PipPackage], supply: Supply) -> dict[str, WheelMetadata]:
    """By sha256, of those of which it is in the cache; their requirements are parsed, too."""
    return {package.sha256: metadata for package in packages for metadata in _of(package, supply)}


def _of(package: PipPackage, supply: Supply) -> Iterator[WheelMetadata]:
    if package.builds or not package.sha256:
        return
    with suppress(OutsideError):  # to be said where the package is chosen
        metadata = kept_metadata(package, supply)
        if metadata:
            for text in metadata.requires_dist:
                parsed(text, package.name)
            yield metadata
