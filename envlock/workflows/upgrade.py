"""Which pins may move, and where to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from envlock.errors import UserInputError

BASE = "base"  # the name by which `-P` means the base image
_WORDS = re.compile(r"(?P<name>[A-Za-z0-9_][A-Za-z0-9._-]*)(?:\s*==\s*(?P<version>[A-Za-z0-9_.!+-]+))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """All pins, or those of some names, in any spelling; `base` is the base image.

    `versions` are (name, version) for those that are to move to one version and to no other.
    """

    everything: bool = False
    names: frozenset[str] = frozenset()
    versions: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, words: Iterable[str], *, everything: bool = False) -> "Upgrade":
        """From what `-P` is given: `NAME` or `NAME==VERSION`."""
        found = [_read(word) for word in words]
        return cls(
            everything=everything,
            names=frozenset(name for name, _ in found),
            versions=tuple((name, version) for name, version in found if version),
        )

    def moves(self, name: str) -> bool:
        return self.everything or _alike(name) in map(_alike, self.names)

    def unknown(self, known: Iterable[str]) -> list[str]:
        """The names that are none of the known ones."""
        there = {*map(_alike, known)}
        return sorted(name for name in self.names if _alike(name) not in there)

    def version(self, name: str) -> str | None:
        """The version that a package is to move to, where one is said."""
        return next((version for other, version in self.versions if _alike(other) == _alike(name)), None)

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


def _read(word: str) -> tuple[str, str | None]:
    found = _WORDS.fullmatch(word.strip())
    if not found:
        raise UserInputError(f"`-P {word}` is neither a name nor a name with a version", hint="such as `-P numpy==2.1`")
    if found["name"] == BASE and found["version"]:
        raise UserInputError("the base has no version", hint="`-P base` takes what its reference stands for now")
    return found["name"], found["version"]


def _alike(name: str) -> str:
    """Spellings that conda or pip take for one name."""
    return re.sub(r"[-_.]+", "-", name).lower()


KEEP = Upgrade()
