"""Files by which a step or a job gives values to others, and a summary to people."""

import os
import secrets
from collections.abc import Mapping

from envlock.errors import OutsideError

_LONG = "matrix"
_CUT = b"\n\n*The rest does not fit into the summary of a job.*\n"


def value_lines(values: Mapping[str, str]) -> str:
    """Each value between two lines that nobody who wrote a part of it can know: none ends itself and begins another."""
    return "".join(_lines(name, value) for name, value in values.items())


def variable_lines(values: Mapping[str, str]) -> str:
    """`ENVLOCK_NAME=VALUE`, as reports of variables on GitLab and shells have them: of several lines, one is made.

    Without the matrix, which may be longer than all of such a report.
    """
    named = {f"ENVLOCK_{name.upper().replace('-', '_')}": value for name, value in values.items() if name != _LONG}
    return "".join(f"{name}={' '.join(value.split())}\n" for name, value in named.items())


def append_to(path: str | None, text: str, *, variable: str, limit: int | None = None) -> None:
    """Adds to a file that the runner has made, whole lines; `limit` bytes are all that it may come to hold.

    OutsideError where it is not there: one that we made would be read by nobody.
    """
    if not path:
        raise OutsideError(f"`{variable}` is not set: there is no file for what other steps are to know")
    try:
        # whoever writes at the same time overwrites nothing
        with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND), "r+b") as file:
            size = file.seek(0, 2)
            file.seek(max(size - 1, 0))
            begun = file.read(1) not in (b"", b"\n")  # by somebody who ended no line
            file.write((b"\n" if begun else b"") + _within(text.encode(errors="replace"), limit, size + begun))
    except OSError as error:
        words = (error.strerror or str(error)).lower()
        raise OutsideError(f"the file of `{variable}` cannot be written: {words}") from error


def _lines(name: str, value: str) -> str:
    delimiter = f"envlock_{secrets.token_hex(24)}"
    return f"{name}<<{delimiter}\n{value}\n{delimiter}\n"


def _within(data: bytes, limit: int | None, size: int) -> bytes:
    """As much of it as has room, to the end of a paragraph."""
    room = len(data) if limit is None else limit - size
    if len(data) <= room:
        return data
    kept = data[: max(room - len(_CUT), 0)]
    return kept[: kept.rfind(b"\n\n") + 1] + _CUT if room >= len(_CUT) else b""
