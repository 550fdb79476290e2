"""Relations between Debian packages, as chapter 7 of the Debian Policy Manual has them.

A field (`Depends: awk | mawk, libc6 (>= 2.36)`) has *items*, an item has alternatives, and each of these is a
`Relation`. What comes from indexes is read as dpkg reads it; what people write is held to more.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache

# an order of versions: negative, zero, or positive
Compare = Callable[[str, str], int]

NAME = re.compile(r"[a-z0-9][a-z0-9+.-]+")
# an epoch fits an integer of C; numbers are compared as numbers: there is an end to their digits
VERSION = re.compile(r"(?:[0-9]{1,9}:)?[0-9](?:[A-Za-z0-9.+~-]{0,254}[A-Za-z0-9.+~])?")
_RELATION = re.compile(
    rf"(?P<name>{NAME.pattern})(?::(?P<qualifier>[a-z0-9][a-z0-9-]*))?"
    rf"(?:\s*\(\s*(?P<operator><<|<=|=|>=|>>|<|>)\s*(?P<version>{VERSION.pattern})\s*\))?"
    r"(?:\s*\[(?P<architectures>[^\[\]]*)\])?(?P<profiles>(?:\s*<[^<>()]*>)*)"
)
_PINNED = re.compile(rf"(?P<name>{NAME.pattern})\s*=\s*(?P<version>{VERSION.pattern})")
_ARCHITECTURE = re.compile(r"!?[a-z0-9]+(?:-[a-z0-9]+)*")
_PROFILE = re.compile(r"!?[a-z0-9][a-z0-9+.-]*")

# what a lock calls them -> the fields of a package they stand in
RELATIONS = {"requires": ("Pre-Depends", "Depends"), "provides": ("Provides",), "conflicts": ("Conflicts", "Breaks")}
# the old forms, which mean the same as the ones that allow the version itself
_OLD = {"<": "<=", ">": ">="}
_MET: dict[str, Callable[[int], bool]] = {
    "<<": lambda order: order < 0,
    "<=": lambda order: order <= 0,
    "=": lambda order: order == 0,
    ">=": lambda order: order >= 0,
    ">>": lambda order: order > 0,
}
_EXPECTED = "expected a name, `NAME (>= VERSION)` or `NAME=VERSION`"


@dataclass(frozen=True, slots=True)
class Relation:
    """One alternative: "libc6:any (>= 2.36)" has the qualifier "any", the operator ">=" and the version "2.36"."""

    name: str
    qualifier: str | None = None
    operator: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        qualifier = f":{self.qualifier}" if self.qualifier else ""
        version = f" ({self.operator} {self.version})" if self.operator else ""
        return f"{self.name}{qualifier}{version}"


@cache
def relations(text: str) -> tuple[Relation, ...]:
    """The alternatives of one item, in order; ValueError where it is no item."""
    return tuple(relation for relation, _, _ in _alternatives(text))


def items(field: str, architecture: str | None = None) -> tuple[str, ...]:
    """A field as normalised items, in order: "a|b(>=1),c" -> "a | b (>= 1)", "c"; ValueError where it is none.

    Alternatives that are not for this architecture ("c [arm64]") or only for some build profile ("c <stage1>") are
    left out. Blank items, as between two commas, are none.
    """
    found = (_applying(item, architecture) for item in field.split(",") if item.strip())
    return tuple(item for item in found if item)


def united(fields: Iterable[str], architecture: str | None) -> tuple[str, ...]:
    """The items of several fields as a lock has them: sorted, each once."""
    return tuple(sorted({item for field in fields for item in items(field, architecture)}))


def provided(text: str) -> tuple[str, str | None]:
    """What an item of `Provides` provides: its name, and its version where it has one."""
    found = relations(text)
    if len(found) != 1 or found[0].operator not in (None, "="):
        raise ValueError(f"`{text}` cannot be provided: expected `NAME` or `NAME (= VERSION)`")
    return found[0].name, found[0].version


def is_met(relation: Relation, version: str | None, compare: Compare) -> bool:
    """Does a package of this version, or what is provided in it (None: in no version), meet the relation?"""
    if relation.operator is None or relation.version is None:
        return True
    return version is not None and _MET[relation.operator](compare(version, relation.version))


def plain_requirement(text: str) -> str:
    """What people write ("curl=7.88.1-10", "git", "libgomp1(>=12)") as Debian writes it: "curl (= 7.88.1-10)".

    ValueError, with what was expected, for all else: alternatives, architectures, the old operators `<` and `>`.
    """
    text = text.strip()
    pinned = _PINNED.fullmatch(text)
    if pinned:
        return f"{pinned['name']} (= {pinned['version']})"
    found = _RELATION.fullmatch(text)
    if not found or found["architectures"] is not None or found["profiles"]:
        raise ValueError(f"{_EXPECTED}, got `{text}`")
    if found["qualifier"]:
        raise ValueError(f"{_EXPECTED}, got `{text}`: which architecture it is, the platform says")
    if found["operator"] in _OLD:
        raise ValueError(f"{_EXPECTED}, got `{text}`: `{found['operator']}` is written `{found['operator'] * 2}`")
    return str(_relation(found))


def _alternatives(item: str) -> Iterator[tuple[Relation, str | None, str]]:
    """Each alternative with what it is restricted to: architectures, and build profiles."""
    for alternative in item.split("|"):
        found = _RELATION.fullmatch(alternative.strip())
        if not found:
            raise ValueError(f"`{item.strip()}` is no relation of Debian's packages")
        yield _relation(found), found["architectures"], found["profiles"]


def _relation(found: re.Match[str]) -> Relation:
    operator = found["operator"]
    return Relation(found["name"], found["qualifier"], _OLD.get(operator, operator), found["version"])


@cache
def _applying(item: str, architecture: str | None) -> str:
    return " | ".join(
        str(relation)
        for relation, architectures, profiles in _alternatives(item)
        if _is_for(architectures, architecture, item) and _is_built(profiles, item)
    )


def _is_for(architectures: str | None, architecture: str | None, item: str) -> bool:
    """Is one of the architectures ours, or with `!`, is none of them?"""
    if architectures is None:
        return True
    words = architectures.split()
    if not words or architecture is None or not all(map(_ARCHITECTURE.fullmatch, words)):
        raise ValueError(f"`{item.strip()}` has architectures that cannot be read")
    refused = [word[1:] for word in words if word.startswith("!")]
    if refused:
        return not any(_matches(word, architecture) for word in refused)
    return any(_matches(word, architecture) for word in words)


def _matches(pattern: str, architecture: str) -> bool:
    """Of Linux's architectures: "any", "linux-any", "any-amd64", "amd64"."""
    ours = ("linux", architecture)
    parts = tuple(pattern.split("-"))
    parts = ("any", "any") if parts == ("any",) else ("linux", *parts)[-2:]
    return all(fnmatchcase(own, "*" if part == "any" else part) for own, part in zip(ours, parts, strict=True))


def _is_built(profiles: str, item: str) -> bool:
    """No build profile is active: does one of the lists ask for none?"""
    lists = [part.split() for part in profiles.replace("<", " ").split(">")[:-1]]
    if any(not words or not all(map(_PROFILE.fullmatch, words)) for words in lists):
        raise ValueError(f"`{item.strip()}` has build profiles that cannot be read")
    return not lists or any(all(word.startswith("!") for word in words) for words in lists)
