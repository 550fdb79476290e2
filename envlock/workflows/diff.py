"""diff: two locks held against each other: files, versions and git revisions, and what is in the work tree."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.changes import Change, Changes, changes
from envlock.model.listing import total
from envlock.model.lock import Lock
from envlock.model.verdicts import verdict
from envlock.system.cache import Cache
from envlock.workflows import later, later_history
from envlock.workflows.context import Context
from envlock.workflows.project import (
    LOCKFILE,
    MANIFEST,
    Project,
    all_projects,
    find_project,
    is_in_other_repository,
)
from envlock.workflows.wanted import Wanted

_HEAD, _WORK_TREE = "HEAD", "work tree"
_AT = re.compile(r"(?P<name>[a-z0-9]+(?:[._-][a-z0-9]+)*)@(?P<version>[^{].*)")
_RANGE = re.compile(r"(?P<before>.*?)(?P<dots>\.{2,3})(?P<after>.*)")
_ORDERS = {"conda": later.conda_order, "debian": later.debian_compare}
_PATHS = ("./", "../", "/", "~")


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One side as it is asked for: a file, else a version, else the work tree; `since` is the other end of `A...B`.

    `required`: the environment must be there. It need not be at both ends of a range, or in the work tree. `side` is
    what was found already, in another repository.
    """

    text: str
    file: Path | None = None
    version: str | None = None
    name: str | None = None
    project: Project | None = None
    since: str | None = None
    required: bool = False
    side: "Side | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One side as it is: `lock` is None where the environment was not there."""

    text: str
    lock: Lock | None
    name: str | None = None
    commit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """Packages and bytes to download on one platform, before and after; None where there is no such platform."""

    platform: str
    packages: tuple[int | None, int | None]
    sizes: tuple[int | None, int | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Both sides, what differs, the verdict on each package, and totals."""

    before: Side
    after: Side
    changes: Changes
    packages: tuple[tuple[Change, str], ...]
    totals: tuple[Total, ...]

    @property
    def name(self) -> str | None:
        return self.after.name or self.before.name


def diff(words: Sequence[str], start: Path, context: Context) -> Comparison:
    """Up to two words as people give them: none is HEAD against the work tree, one is that against the work tree."""
    cache = context.cache
    before, after = _points(words, start, context)
    one, other = _side(before, after, start, cache), _side(after, before, start, cache)
    if one.lock is None and other.lock is None:
        if before.version and before.name:  # which there is then, is said by who looks for it
            _side(replace(before, required=True), after, start, cache)
        at = f"neither at `{before.text}` nor at `{after.text}`"
        raise UserInputError(f"`{other.name}` is locked {at}", hint="`envlock lock` makes env.lock")
    return compare(before=one, after=other)


def compare(*, before: Side, after: Side) -> Comparison:
    """Two sides, of which at least one is locked."""
    found = changes(before=before.lock, after=after.lock)
    return Comparison(
        before=before,
        after=after,
        changes=found,
        packages=tuple((change, verdict(change, _ORDERS)) for change in found.packages),
        totals=_totals(before.lock, after.lock),
    )


def _points(words: Sequence[str], start: Path, context: Context) -> tuple[Point, Point]:
    if len(words) == 2:
        return _point(words[0], start, context), _point(words[1], start, context)
    if not words:
        return Point(text=_HEAD, version=_HEAD), Point(text=_WORK_TREE)
    (word,) = words
    ends = None if is_in_other_repository(word, start) else _ends(word, start)
    if ends:
        return ends
    point = _point(word, start, context)
    work_tree = Point(text=_WORK_TREE, name=point.name, project=point.project)
    if point.project:  # an environment by itself: what of it is not committed
        return replace(point, text=_HEAD, version=_HEAD), work_tree
    return point, work_tree


def _point(word: str, start: Path, context: Context) -> Point:
    if is_in_other_repository(word, start):
        project = later_history.environment_at(word, start, context)
        side = Side(text=word, lock=read_lock(project.lockfile), name=project.name, commit=_commit(project))
        return Point(text=word, name=project.name, side=side, required=True)
    if _is_path(word, start):
        return _at_path(word, start / word, start)
    known = next((p for p in all_projects(start) if p.name == word), None)
    if known:
        return Point(text=word, name=word, project=find_project(word, start))
    at = _AT.fullmatch(word)
    return Point(text=word, version=at["version"] if at else word, name=at["name"] if at else None, required=bool(at))


def _is_path(word: str, start: Path) -> bool:
    """No branch ends in `.lock`; but folders are named like branches, and a bare repository has a file `HEAD`."""
    path = start / word
    locked = (path / MANIFEST).is_file() or (path / LOCKFILE).is_file()
    return word in (".", "..") or word.startswith(_PATHS) or word.endswith((".lock", MANIFEST)) or locked


def _at_path(word: str, path: Path, start: Path) -> Point:
    if path.name != MANIFEST and not path.is_dir():
        return Point(text=word, file=path)
    if (path / LOCKFILE).is_file() and not (path / MANIFEST).is_file():
        return Point(text=word, file=path / LOCKFILE)
    project = find_project(word, start)
    return Point(text=word, name=project.name, project=project)


def _ends(word: str, start: Path) -> tuple[Point, Point] | None:
    """Both ends of `A..B`, `NAME@A..B` or `A...B`; an end that is left out is HEAD."""
    if _is_path(word, start):
        return None
    at = _AT.fullmatch(word)
    found = _RANGE.fullmatch(at["version"] if at else word)
    if not found:
        return None
    name, before, after = at["name"] if at else None, found["before"] or _HEAD, found["after"] or _HEAD
    after = after.removeprefix(f"{name}@")
    since = after if found["dots"] == "..." else None
    return Point(text=before, version=before, name=name, since=since), Point(text=after, version=after, name=name)


def _side(point: Point, other: Point, start: Path, cache: Cache) -> Side:
    if point.side:
        return point.side
    if point.file:
        return Side(text=point.text, lock=read_lock(point.file))
    # a revision by itself is of the environment that the other side names
    project = point.project or (other.project if point.name is None else None)
    name = point.name or other.name
    if point.version is None:
        if other.required and not (project or _home(name, start)):
            return Side(text=point.text, lock=None, name=name)
        found = project or find_project(name, start)
        return Side(text=point.text, lock=read_lock(found.lockfile), name=found.name)
    home = project or _home(name, start)
    wanted = Wanted(
        version=point.version,
        folder=home.folder if home else start,
        name=name or (home.name if home else None),
        since=point.since,
        required=point.required,
        cache=cache,
    )
    at = later_history.at_revision(wanted)
    return Side(text=point.text, lock=at.lock, name=at.name, commit=at.commit)


def _home(name: str | None, start: Path) -> Project | None:
    """Where an environment is now, if it is anywhere: a bare repository has only what once was."""
    if name is not None:
        return next((p for p in all_projects(start) if p.name == name), None)
    try:
        return find_project(None, start)
    except UserInputError:
        if all_projects(start):
            raise
        return None


def _commit(project: Project) -> str | None:
    return project.at.commit if project.at else None


def _totals(before: Lock | None, after: Lock | None) -> tuple[Total, ...]:
    sides = [{p.platform: p.packages for p in lock.platforms} if lock else {} for lock in (before, after)]
    return tuple(
        Total(
            platform=platform,
            packages=_both([len(found[platform]) if platform in found else None for found in sides]),
            sizes=_both([total(found[platform]) if platform in found else None for found in sides]),
        )
        for platform in sorted({*sides[0], *sides[1]})
    )


def _both(values: list[int | None]) -> tuple[int | None, int | None]:
    return values[0], values[1]
