"""textconv: env.lock as git is to show it in diffs, also of states that nothing else reads."""

from pathlib import Path

from envlock.errors import OutsideError
from envlock.lockfile.lines import lock_lines

_LIMIT = 64 << 20  # as of the reader of locks


def textconv(file: Path) -> bytes:
    """The lines of a lock; what is no lock as `lock` writes it (damaged, with conflict markers, of another version)
    as it is."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise OutsideError(f"`{file}` cannot be read: {error.strerror}") from error
    if len(data) > _LIMIT:
        return data
    try:
        lines = lock_lines(data.decode().replace("\r\n", "\n"))
    except UnicodeError:
        return data
    return data if lines is None else lines.encode()
