"""Where something is written, and how messages say it."""

import re
from typing import NamedTuple

from envlock.errors import escaped
from envlock.model.toml_lines import KeyPath

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_LONGEST = 400


class Place(NamedTuple):
    """Where something is written: a file, a line of it where known, and the key path where the file has keys."""

    file: str
    line: int | None
    key: KeyPath | None = None

    def said(self, what: str) -> str:
        """One line of an error message: `what` follows the key."""
        text = f"`{key_text(self.key)}`{what}" if self.key else what.removeprefix(": ")
        return located(self.file, self.line, _short(text))


def key_text(path: KeyPath) -> str:
    """A key path as people write it: `pip.indexes[0].name`."""
    text = "".join(f"[{key}]" if isinstance(key, int) else f".{_key(key)}" for key in path)
    return text.removeprefix(".")


def located(name: str, line: int | None, text: str) -> str:
    """One line of an error message: file, line where known, what."""
    return f"{name}:{line}: {text}" if line else f"{name}: {text}"


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else '"' + escaped(key).replace('"', '\\"') + '"'


def _short(text: str) -> str:
    return escaped(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")
