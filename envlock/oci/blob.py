"""One blob on its way into a layout: hashed while it is written, and named by its digest only when whole."""

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import IO

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.system.parts import naming, new_part

_ROOM = 256 << 10  # bytes that are written at once: most files are much smaller


class BrokenBlob(OutsideError):
    """The bytes of a blob are not those that it is described by."""


class BlobWriter:
    """A file that becomes `folder/HEX` when it is kept; `digest` and `size` are those of what was written."""

    def __init__(self, *, scratch: Path, folder: Path, digest: str | None = None, size: int | None = None) -> None:
        descriptor, self._part = new_part(scratch)
        self._file: IO[bytes] = os.fdopen(descriptor, "wb", _ROOM)
        self._folder = folder
        self._expected = digest
        self._expected_size = size
        self._sha256 = hashlib.sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return f"sha256:{self._sha256.hexdigest()}"

    def descriptor(self, media_type: str) -> Descriptor:
        return Descriptor(media_type=media_type, digest=self.digest, size=self.size)

    def write(self, data: bytes) -> None:
        self.size += len(data)
        if self._expected_size is not None and self.size > self._expected_size:
            self._refuse_size("more than ")
        self._sha256.update(data)
        with naming(self._part):
            self._file.write(data)

    def keep(self) -> None:
        """Checks what was expected, and gives the file its name once its bytes are on the disk."""
        if self._expected_size not in (None, self.size):
            self._refuse_size("")
        if self._expected not in (None, self.digest):
            raise OutsideError(f"a blob is {self.digest}, expected {self._expected}")
        with naming(self._part):
            self._file.flush()
            os.fchmod(self._file.fileno(), 0o444)
            os.fsync(self._file.fileno())
        self._part.replace(self._folder / self._sha256.hexdigest())

    def close(self) -> None:
        """Ends it; what was not kept is gone."""
        self._part.unlink(missing_ok=True)
        with suppress(OSError):  # of what was kept, all is written; the rest is of no use to anybody
            self._file.close()

    def _refuse_size(self, more: str) -> None:
        name = f"`{self._expected}`" if self._expected else "a blob"
        seen = self._expected_size if more else self.size
        raise OutsideError(f"{name} has {more}{seen} bytes, expected {self._expected_size}")
