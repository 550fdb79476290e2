"""What a forge says, by variables and by a file in JSON: each value is checked before it is used.

What is missing is None; what is there and cannot be right is a UserInputError that names it.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from envlock.errors import UserInputError, escaped

_MOST = 32 << 20  # bytes: GitHub sends none of more than 25 MB
_LONGEST = 1024
_SHOWN = 60
_ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REPOSITORY = re.compile(r"[\w.-]+(?:/[\w.-]+)+", re.ASCII)
# what git takes in no name of a reference (git-check-ref-format)
_NO_REFERENCE = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|\.lock$|\.lock/|(?:^|/)\.|^@$|^$")
_NUMBER = 10**12


@dataclass(frozen=True, slots=True)
class Told:
    """Values by name: `called` says for people where they are from."""

    called: str
    values: Mapping[str, Any] = field(default_factory=dict)

    def table(self, key: str) -> "Told":
        """A table within; an empty one where there is none."""
        value = self.values.get(key)
        if value is not None and not isinstance(value, dict):
            self._refuse(key, value, "a table")
        return Told(f"{self.called}{key}.", value or {})

    def text(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if not isinstance(value, str) or len(value) > _LONGEST:
            self._refuse(key, value, "a text")
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is not None and not isinstance(value, bool):
            self._refuse(key, value, "true or false")
        return bool(value)

    def id(self, key: str) -> str | None:
        """A commit; also of zeros, which git's servers say for none, it is None."""
        text = self.text(key)
        if text is not None and not _ID.fullmatch(text):
            self._refuse(key, text, "the id of a commit")
        return text if text and text.strip("0") else None

    def reference(self, key: str) -> str | None:
        """The name of a branch or tag, or of any reference in full."""
        text = self.text(key)
        if text is not None and (_NO_REFERENCE.search(text) or not _is_text(text)):
            self._refuse(key, text, "a name that git would take")
        return text

    def repository(self, key: str) -> str | None:
        text = self.text(key)
        if text is not None and not _REPOSITORY.fullmatch(text):
            self._refuse(key, text, "the name of a repository")
        return text

    def number(self, key: str) -> int | None:
        """A counting number, also as text, as variables have it."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,12}", value, re.ASCII):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < _NUMBER:
            self._refuse(key, value, "a number")
        return value

    def _refuse(self, key: str, value: object, expected: str) -> NoReturn:
        shown = escaped(str(value) if isinstance(value, str) else json.dumps(value))
        shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
        raise UserInputError(f"`{self.called}{key}` is `{shown}`, and not {expected}")


def told_by(variables: Mapping[str, str]) -> Told:
    """What the variables of the process say."""
    return Told("", variables)


def told_in(variable: str, variables: Mapping[str, str]) -> Told:
    """What stands in the file in JSON that a variable names; nothing where it names none."""
    name = variables.get(variable)
    if not name:
        return Told("")
    called = f"{variable}: "
    try:
        with Path(name).open("rb") as file:
            data = file.read(_MOST + 1)
    except (OSError, ValueError) as error:
        raise UserInputError(f"`{variable}` names a file that cannot be read: {escaped(str(error))}") from error
    if len(data) > _MOST:
        raise UserInputError(f"`{variable}` names a file of more than {_MOST >> 20} MiB")
    return Told(called, _table(data, variable))


def _table(data: bytes, variable: str) -> Mapping[str, Any]:
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UserInputError(f"`{variable}` names a file that is no JSON: {escaped(str(error))}") from error
    if not isinstance(found, dict):
        raise UserInputError(f"`{variable}` names a file that holds no table")
    return found


def _is_text(text: str) -> bool:
    """Not with half of a pair of UTF-16, which JSON can spell, and no program's argument can hold."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
