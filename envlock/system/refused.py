"""What the operating system refuses, in words for a person."""

import errno
import os
from pathlib import Path

from envlock.errors import OutsideError

_HINTS = {
    errno.ENOSPC: "make room on that disk",
    errno.EDQUOT: "make room within your quota",
    errno.EACCES: "may you read and write there?",
    errno.EPERM: "may you read and write there?",
    errno.EROFS: "nothing can be written there",
}
_OTHER_CACHE = "; another cache folder can be given with `--cache-dir`"


def refused(failure: OSError, cache: Path) -> OutsideError:
    """A full disk, a missing right and the like; `cache` is a folder that can be another one."""
    what = (failure.strerror or str(failure) or type(failure).__name__).lower()
    path = os.fsdecode(failure.filename) if isinstance(failure.filename, str | bytes) else None
    hint = _HINTS.get(failure.errno or 0)
    if hint and path and Path(path).is_relative_to(cache):
        hint += _OTHER_CACHE
    return OutsideError(f"{what}: `{path}`" if path else what, hint=hint)
