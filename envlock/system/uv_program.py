"""Where the uv program is that was installed with envlock."""

from functools import cache
from threading import Lock

from uv import find_uv_bin

_LOCK = Lock()


def uv_program() -> str:
    """Its path; looked for once."""
    # several threads ask at once, and Python 3.11 has `sysconfig`, which uv looks it up with, half-ready for the second
    with _LOCK:
        return _found()


@cache
def _found() -> str:
    return find_uv_bin()
