"""What files that are no env.toml say: one value a line, with the line."""

from pathlib import Path
from typing import NamedTuple

from envlock.errors import EnvlockError
from envlock.system.text_file import read_text

# a file of requirements is small; what is larger is another thing, and would take long to read
LIMIT = 1 << 18
REFUSED = "refused"


class Written(NamedTuple):
    """`kind`: `conda`, `channel`, `pip`, `constraint`, `editable`, `index`, `variable` (of a `name`), or `refused`:
    `text` is why."""

    kind: str
    text: str
    file: Path
    line: int | None
    name: str = ""


def text_of(path: Path) -> str:
    """The text of such a file; ValueError says why there is none."""
    try:
        return read_text(path, limit=LIMIT, absent="")
    except EnvlockError as error:
        raise ValueError(error.message) from None


def refused(path: Path, line: int | None, why: str) -> Written:
    return Written(REFUSED, why, path, line)
