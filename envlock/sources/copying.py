"""A file of this machine as one that was to be fetched."""

from pathlib import Path
from typing import IO

from envlock.errors import OutsideError

_PIECE = 1 << 20


def copy_file(path: Path, target: IO[bytes], *, limit: int) -> None:
    """Fills `target`, an empty file; OutsideError where there are more than `limit` bytes."""
    total = 0
    with path.open("rb") as source:
        while piece := source.read(_PIECE):
            total += len(piece)
            if total > limit:
                raise OutsideError(f"`{path}` has more than the {limit} bytes it should")
            target.write(piece)
