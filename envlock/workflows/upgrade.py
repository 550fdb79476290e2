"""Which pins may move, and where to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from envlock.errors import UserInputError

BASE = "base"  # the name by which `-P` means the base: its image, or all of its Debian packages
DEBIAN = "debian"  # these by another name
_WORDS = re.compile(
    r"(?:(?P<kind>debian|conda|pip):)?(?P<name>[A-Za-z0-9_][A-Za-z0-9._+-]*)"
    r"(?:\s*==\s*(?P<version>[A-Za-z0-9_.!+~:-]+))?"
)
_WHOLE_BASE = {
    BASE: "`-P base` takes what there is of it now",
    DEBIAN: "`-P debian` takes the newest of all its packages, `-P debian:NAME==VERSION` moves one of them",
}
# a name, and the kind of package that is meant, "" for any
Name = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """All pins, or those of some names, in any spelling; `base` and `debian` are the base.

    `versions` are those that are to move to one version and to no other.
    """

    everything: bool = False
    names: frozenset[Name] = frozenset()
    versions: tuple[tuple[Name, str], ...] = ()

    @classmethod
    def of(cls, words: Iterable[str], *, everything: bool = False) -> "Upgrade":
        """From what `-P` is given: `NAME` or `NAME==VERSION`, with `debian:`, `conda:` or `pip:` before it or not."""
        found = [_read(word) for word in words]
        return cls(
            everything=everything,
            names=frozenset(name for name, _ in found),
            versions=tuple((name, version) for name, version in found if version),
        )

    @property
    def moves_base(self) -> bool:
        """The base image, and all Debian packages, where the base is made of these."""
        return self.everything or not self.names.isdisjoint((("", BASE), ("", DEBIAN)))

    def moves(self, kind: str, name: str) -> bool:
        return self.everything or any(_means(asked, kind, name) for asked in self.names)

    def unknown(self, known: Iterable[tuple[str, str]]) -> list[str]:
        """What is asked for and is none of the known packages, each given as (kind, name), as it is written."""
        there = {(kind, _alike(name)) for of, name in known for kind in ("", of)}
        missing = ((kind, name) for kind, name in self.names if (kind, _alike(name)) not in there)
        return sorted(f"{kind}:{name}" if kind else name for kind, name in missing)

    def version(self, kind: str, name: str) -> str | None:
        """The version that a package is to move to, where one is said."""
        return next((version for asked, version in self.versions if _means(asked, kind, name)), None)

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


def _read(word: str) -> tuple[Name, str | None]:
    found = _WORDS.fullmatch(word.strip())
    if not found:
        raise UserInputError(f"`-P {word}` is neither a name nor a name with a version", hint="such as `-P numpy==2.1`")
    name = found["kind"] or "", found["name"]
    if name in (("", BASE), ("", DEBIAN)) and found["version"]:
        raise UserInputError("the base has no version", hint=_WHOLE_BASE[name[1]])
    return name, found["version"]


def _means(asked: Name, kind: str, name: str) -> bool:
    return asked[0] in ("", kind) and _alike(asked[1]) == _alike(name)


def _alike(name: str) -> str:
    """Spellings that conda or pip take for one name."""
    return re.sub(r"[-_.]+", "-", name).lower()


KEEP = Upgrade()
