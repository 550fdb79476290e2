"""Files of a prefix that lie on disk, as content that can be read in pieces."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class DiskContent:
    """The bytes of a regular file; `size` is what it had when it was listed."""

    path: Path
    size: int

    def chunks(self) -> Iterator[bytes]:
        with self.path.open("rb", buffering=0) as file:
            while piece := file.read(PIECE):
                yield piece
