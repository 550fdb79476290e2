"""What versions and labels may be called, so that none is taken for something else, by us or by git."""

import re
from collections.abc import Iterable

from envlock.model.version import LATEST

_LONGEST = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]*")
# what `NAME@…` means already, or what git has its own meaning for
_TAKEN = (
    (re.compile(r"[0-9]+"), "numbers are given by `envlock register` itself"),
    (re.compile(LATEST, re.IGNORECASE), "it stands for the highest number"),
    (re.compile(r"lock-.*", re.IGNORECASE), "such names stand for lock hashes"),
    (re.compile(r"(FETCH_|ORIG_|MERGE_)?HEAD", re.IGNORECASE), "it is a name of git's"),
    (re.compile(r".*\.\..*|.*\.|.*\.lock", re.IGNORECASE), "git refuses two dots, and a last `.` or `.lock`"),
)


def why_not(name: str, *, others: Iterable[str] = ()) -> str | None:
    """Why a version or label cannot be called so; None where it can. `others` are names that there are beside it."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        return f"letters, digits and `.`, `_`, `+`, `-` after the first make a name, {_LONGEST} at most"
    reason = next((reason for pattern, reason in _TAKEN if pattern.fullmatch(name)), None)
    alike = next((other for other in others if other != name and other.casefold() == name.casefold()), None)
    return reason or (f"there is `{alike}`, which some file systems do not tell from it" if alike else None)
