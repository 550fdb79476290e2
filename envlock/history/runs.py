"""Runs in git: a reference a month, `refs/envlock/runs/YYYY-MM`, with a commit a run, each upon the one before.

A commit of two parents unites what two clones have recorded beside one another, and is no run itself. What was not
united yet is seen too: the months as they were on remotes when these were asked last.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.history.again import move
from envlock.history.pruned import kept_since
from envlock.history.repository import Commit, Person, Repository
from envlock.model.run import DIGITS, Recorded, Run, Unreadable, message_of, run_of
from envlock.model.version import MONTH, REMOTES, RUNS

_PATIENCE = 5.0  # seconds that others may hold a reference, or be quicker
_ID = re.compile(r"(?:([0-9]{4}-[0-9]{2})-[0-9]{2}-)?([0-9a-f]{4,64})")


def append(repository: Repository, run: Run, author: Person) -> Recorded:
    """Records a run. Of several processes at once each finds its place; OutsideError where none can be had."""
    message = message_of(run)
    began = replace(author, time=int(run.start.timestamp()))
    ended = replace(author, time=int(run.end.timestamp()))

    def made(old: str | None) -> str:
        return repository.write(message, [old] if old else [], author=began, committer=ended)

    commit = move(repository, f"{RUNS}{run.month}", made, why="run", patience=_PATIENCE)
    assert commit
    return Recorded(commit=commit, run=run)


def months(repository: Repository) -> Mapping[str, Sequence[str]]:
    """Where the runs of each month end, here and, of months that are kept, on remotes; the newest month first."""
    kept = kept_since(repository)
    found: dict[str, list[str]] = {}
    for name, id in [*repository.references(RUNS).items(), *repository.references(REMOTES).items()]:
        kind, _, month = name.rpartition("/")
        if MONTH.fullmatch(month) and (name.startswith(RUNS) or (kind.endswith("/runs") and month >= kept)):
            found.setdefault(month, []).append(id)
    return {month: found[month] for month in sorted(found, reverse=True)}


def runs(repository: Repository, *, since: str = "") -> Iterator[Recorded | Unreadable]:
    """All runs, the newest first, of a month on; no more is read than is asked for."""
    for month, tips in months(repository).items():
        if month >= since:
            yield from _recorded(repository, tips)


def find(repository: Repository, given: str) -> Recorded:
    """The run of an id, `2026-11-22-7f3a91c2`, or of the digits of its commit; the beginning of these will do."""
    match = _ID.fullmatch(given.lower())
    if match is None:
        raise UserInputError(
            f"`{given}` is no id of a run, which is a date and digits: `2026-11-22-7f3a91c2`",
            hint="`envlock runs` lists them",
        )
    month, digits = match.groups()
    found = [each for each in _of_month(repository, month) if each.id.startswith(digits) and not _unites(each)]
    if len(found) > 1:
        listed = ", ".join(f"`{each.id[: max(DIGITS, len(digits)) + 4]}`" for each in found[:5])
        raise UserInputError(f"`{given}` could be several runs: {listed}", hint="give more digits")
    recorded = _read(found[0]) if found else None
    if recorded is None or (isinstance(recorded, Recorded) and month and not recorded.id.startswith(given[:10])):
        raise UserInputError(f"no run `{given}`", hint="`envlock runs` lists them")
    if isinstance(recorded, Unreadable):
        raise OutsideError(f"the run `{given}` cannot be read: {recorded.why}")
    return recorded


def _of_month(repository: Repository, month: str | None) -> Iterator[Commit]:
    for each, tips in months(repository).items():
        if month in (None, each):
            yield from _log(repository, tips)


def _recorded(repository: Repository, tips: Sequence[str]) -> Iterator[Recorded | Unreadable]:
    for commit in _log(repository, tips):
        if not _unites(commit):
            yield _read(commit)


def _log(repository: Repository, tips: Sequence[str]) -> Iterator[Commit]:
    try:
        yield from repository.log(*tips)
    except OutsideError as error:
        raise OutsideError(f"the recorded runs cannot be read: {error.message}", hint="`git fsck` says more") from error


def _unites(commit: Commit) -> bool:
    return len(commit.parents) > 1


def _read(commit: Commit) -> Recorded | Unreadable:
    try:
        return Recorded(commit=commit.id, run=run_of(commit.message))
    except EnvlockError as error:
        return Unreadable(commit=commit.id, why=error.message)
