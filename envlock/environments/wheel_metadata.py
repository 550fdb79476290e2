"""METADATA, taken out of a wheel. What stands in it is read by `model.wheel_metadata`."""

from pathlib import Path

from envlock.environments.wheel_archive import open_archive
from envlock.errors import OutsideError
from envlock.model.wheel_metadata import WheelMetadata, read_metadata

__all__ = ["WheelMetadata", "metadata_of", "read_metadata"]


def metadata_of(path: Path) -> bytes:
    """The METADATA of a wheel file; OutsideError that names the wheel where there is none."""
    archive = open_archive(path)
    try:
        return archive.read("METADATA")
    except OutsideError as error:
        raise OutsideError(f"`{path.name}` is not a wheel: {error.message}") from error
