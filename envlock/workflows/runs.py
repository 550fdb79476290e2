"""runs: what was recorded of commands, listed, shown, and months of it removed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history import runs
from envlock.history.program import Program
from envlock.history.repository import Repository
from envlock.model.run import Recorded, Unreadable

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}(?:-[0-9]{2})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which runs: the newest `limit` (None: all), of an environment, failed ones, those begun on a day (UTC) or in a
    month, or later."""

    limit: int | None = None
    env: str | None = None
    failed: bool = False
    since: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Runs, the newest first, and what came between them that is none that this version can read."""

    runs: tuple[Recorded, ...]
    unreadable: tuple[Unreadable, ...]


def list_runs(start: Path, asked: Asked) -> Listed:
    """The recorded runs of the repository around a folder."""
    unreadable: list[Unreadable] = []
    found = islice(_wanted(opened(start), asked, unreadable), asked.limit)
    return Listed(runs=tuple(found), unreadable=tuple(unreadable))


def show_run(start: Path, given: str) -> Recorded:
    """One run, by its id or the beginning of it."""
    return runs.find(opened(start), given)


def _wanted(repository: Repository, asked: Asked, unreadable: list[Unreadable]) -> Iterator[Recorded]:
    since = _time(asked.since) if asked.since else None
    for one in runs.runs(repository, since=f"{since:%Y-%m}" if since else ""):
        if isinstance(one, Unreadable):
            unreadable.append(one)
        elif (
            asked.env in (None, one.run.name)
            and (one.run.exit_code or not asked.failed)
            and (since is None or one.run.start >= since)
        ):
            yield one


def _time(given: str) -> datetime:
    try:
        if not _DATE.fullmatch(given):
            raise ValueError
        return datetime.fromisoformat(given if len(given) > len("2026-11") else f"{given}-01").replace(tzinfo=UTC)
    except ValueError:
        raise UserInputError(f"`{given}` is no date: say `2026-11-22`, or `2026-11`") from None


def opened(start: Path) -> Repository:
    """The repository around a folder, by the git program: that is there before a library is loaded."""
    repository = Program.around(start)
    if repository is None:
        raise UserInputError(
            f"`{start}` is in no git repository", hint="runs are recorded in the repository they are of"
        )
    return repository
