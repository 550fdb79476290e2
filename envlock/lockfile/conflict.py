"""An env.lock in which git left conflict markers: what each side had locked, as far as it can be read.

Git cuts a file anywhere: a side need not be a whole lock, nor even TOML. So each package is read by itself, and those
that cannot be are left out: they are pins to be kept where they hold, not yet an answer.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError
from envlock.lockfile.debian import read_debian
from envlock.lockfile.packages import read_conda, read_pip
from envlock.lockfile.platforms import read_base, read_dates
from envlock.lockfile.reader import LIMIT, refuse_version
from envlock.model.fields import Document, Table
from envlock.model.lock import Base, CondaPackage, DebianPackage, Package, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.system.text_file import display, read_text

# longer ones are of a conflict within the common ancestor, which has no say here
_MARKER = re.compile(r"(?P<sign><{7}|\|{7}|={7}|>{7})(?: (?P<label>.*))?")
_HEADER = re.compile(r"^(?=\[)", re.MULTILINE)

Dates = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side of a merge: what git calls it, and what it had locked."""

    label: str
    platforms: tuple[PlatformLock, ...]

    def platform(self, name: str) -> PlatformLock | None:
        return next((p for p in self.platforms if p.platform == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Both sides of an unfinished merge, and what both come from, where that is known."""

    ours: Side
    theirs: Side
    base: Side | None = None


def read_conflict(path: Path) -> Conflict | None:
    """The two sides of an env.lock with conflict markers; None where it has none, or they do not fit together."""
    texts = _sides(read_text(path, limit=LIMIT, absent="`envlock lock` makes it"))
    if texts is None:
        return None
    ours, theirs = (read_side(display(path), label, text) for label, text in texts)
    return Conflict(ours=ours, theirs=theirs)


def _sides(text: str) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """(label, text) of both sides; the common ancestor between them, where git shows it, is passed over."""
    lines: dict[str, list[str]] = {"<": [], ">": []}
    labels: dict[str, str] = {}
    within, order = "", {"": "<", "<": "|=", "|": "=", "=": ">"}
    for line in text.split("\n"):  # a string may hold what only Python takes for the end of a line
        marker = _MARKER.fullmatch(line)
        if not marker:
            for side in {"": "<>", "<": "<", "|": "", "=": ">"}[within]:
                lines[side].append(line)
            continue
        sign = line[0]
        if sign not in order[within]:
            return None
        labels.setdefault(sign, marker["label"] or "")
        within = "" if sign == ">" else sign
    if within or not labels:
        return None
    ours, theirs = ((labels[side], "\n".join(lines[side])) for side in "<>")
    return ours, theirs


def read_side(name: str, label: str, text: str) -> Side:
    """What a text, of which anything may be missing, has locked; `name` is what errors call it."""
    head, *blocks = _HEADER.split(text)
    document = _document(name, head)
    if document and "lock-version" in document.root:
        refuse_version(document)
    platforms: dict[str, _Platform] = {}
    for block in blocks:
        table = _document(name, block)
        for platform, found in _found(table) if table else ():
            platforms.setdefault(platform, _Platform(platform)).add(found)
    return Side(label=label, platforms=tuple(platforms[name].locked for name in sorted(platforms)))


class _Platform:
    """What was found for one platform so far: the first of each name counts."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.base = Base()
        self.dates: Dates = ()
        self.packages: dict[tuple[str, str], Package] = {}

    def add(self, found: Base | Dates | Package) -> None:
        if isinstance(found, Base):
            self.base = found
        elif isinstance(found, tuple):
            self.dates = found
        else:
            self.packages.setdefault(found.node, found)

    @property
    def locked(self) -> PlatformLock:
        packages = sorted(self.packages.values(), key=lambda p: p.name)
        # they stand in a table of their own, which git may have brought here from another suite
        dates = tuple((name, date) for name, date in self.dates if name.partition("-")[0] == self.base.suite)
        return PlatformLock(
            platform=self.name,
            base=replace(self.base, dates=dates or self.base.dates),
            debian=tuple(p for p in packages if isinstance(p, DebianPackage)),
            conda=tuple(p for p in packages if isinstance(p, CondaPackage)),
            pip=tuple(p for p in packages if isinstance(p, PipPackage)),
        )


def _document(name: str, block: str) -> Document | None:
    try:
        return Document(name, block, tomllib.loads(block))
    except (ValueError, RecursionError):
        return None


def _found(document: Document) -> Iterator[tuple[str, Base | Dates | Package]]:
    """The packages, the base and its dates of a part of a lock, of which nothing is wrong."""
    try:
        found = [*_read(document.root)]
        document.close()
    except UserInputError:
        return
    yield from found


def _read(root: Table) -> Iterator[tuple[str, Any]]:
    platforms = root.table("platform")
    for name in platforms.names():
        table, platform = platforms.table(name), PLATFORMS.get(name)
        yield from ((name, read_conda(conda)) for conda in table.tables("conda"))
        yield from ((name, read_pip(pip)) for pip in table.tables("pip"))
        if platform:
            yield from ((name, read_debian(debian, platform)) for debian in table.tables("debian"))
            yield from ((name, found) for found in _base(table.table("base"), platform))


def _base(table: Table, platform: Platform) -> Iterator[Base | Dates]:
    """The dates are a table below, and so a part of the lock of their own."""
    if "dates" in table:
        yield read_dates(table.table("dates"))
    if any(key != "dates" for key in table.raw):
        yield read_base(table, platform)
