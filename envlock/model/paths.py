"""Names that others gave to files: which of them may become paths below a prefix."""

import re
from collections.abc import Callable

LONGEST_NAME = 255  # bytes in one component, on every file system of Linux

_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_RULES: tuple[tuple[str, Callable[[str], object]], ...] = (
    ("is absolute", lambda name: name.startswith("/")),
    ("holds a backslash", lambda name: "\\" in name),
    ("holds a control character", _CONTROL.search),
    ("leaves its folder by `..`", lambda name: ".." in name.split("/")),
    ("is not a normalised path", lambda name: not {"", "."}.isdisjoint(name.split("/"))),
    (f"has a component of more than {LONGEST_NAME} bytes", lambda name: _longest(name) > LONGEST_NAME),
)


def name_problem(name: str) -> str | None:
    """Why `name` cannot be a path below a folder, in words that follow the name; None where it can."""
    return next((words for words, breaks in _RULES if breaks(name)), None)


def _longest(name: str) -> int:
    return max(len(part.encode(errors="surrogateescape")) for part in name.split("/"))
