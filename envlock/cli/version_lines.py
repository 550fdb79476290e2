"""What `versions` prints, as it comes: a table in pages, so that a long history need not be read to its end first."""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import islice
from typing import Any

import click

from envlock.cli.settings import width
from envlock.cli.text import number
from envlock.errors import escaped
from envlock.model.short_change import ShortChange
from envlock.workflows.lock_facts import LockFacts
from envlock.workflows.versions import EnvVersion, History

_TITLES = ("VERSION", "LABELS", "COMMIT", "DATE", "BY", "LOCK", "CHANGES")
_GAP, _NONE = "  ", "—"
_PAGE, _HEX, _DAY, _MOST = 50, 8, 10, 3
_LEAST = 20  # columns for changes, however narrow the terminal is


def lines(states: Iterable[EnvVersion], of: History) -> Iterator[str]:
    """The table; columns get no narrower from page to page."""
    labels = any(mark.label for mark in of.marks)
    columns = [n for n, title in enumerate(_TITLES) if labels or title != "LABELS"]
    widths = [len(_TITLES[n]) for n in columns[:-1]]
    titles, rest = True, iter(states)
    while page := list(islice(rest, _PAGE)):
        rows = [[cell for n, cell in enumerate(_cells(state)) if n in columns] for state in page]
        widths = [max(known, *(len(row[n]) for row in rows)) for n, known in enumerate(widths)]
        left = _left(widths)
        if titles:
            yield _line([click.style(_TITLES[n], bold=True) for n in columns], widths)
        titles = False
        for state, row in zip(page, rows, strict=True):
            yield _line([*row, told(state, left)], widths)


def told(state: EnvVersion, left: int | None = None) -> str:
    """What changed, in as many words as there is room for."""
    notes = [] if state.on_branch else ["on another branch"]
    notes += [f"moved from {escaped(state.step.moved_from or './')}"] if state.step.moved_from is not None else []
    found = _changes(state)
    room = left and left - len(", ".join([*notes, ""]))
    return ", ".join(filter(None, (*notes, _shortened(found, room))))


def json_lines(states: Iterable[EnvVersion]) -> Iterator[str]:
    """A list, an object a line as it comes."""
    line = "["
    for at, state in enumerate(states):
        if at:
            yield f"{line},"
        line = f"{'' if at else '['}{json.dumps(_shape(state), ensure_ascii=False)}"
    yield f"{line}]"


def _cells(state: EnvVersion) -> tuple[str, ...]:
    step, facts = state.step, state.lock.facts if state.lock else None
    return (
        escaped(", ".join(state.versions)) or _NONE,
        escaped(", ".join(state.labels)),
        step.short,
        step.date[:_DAY],
        escaped(step.author),
        f"lock-{facts.key[:_HEX]}…" if facts else _NONE,
    )


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (size - len(click.unstyle(cell))) for cell, size in zip(cells, widths, strict=False))
    return _GAP.join((*padded, cells[-1])).rstrip()


def _left(widths: Sequence[int]) -> int | None:
    """The columns that are left for changes."""
    whole = width(sys.stdout)
    return whole and max(whole - sum(widths) - len(_GAP) * len(widths), _LEAST)


def _changes(state: EnvVersion) -> list[str]:
    if state.lock is None:
        return ["removed" if state.step.before else "no env.lock"]
    if state.lock.problem:
        return [f"cannot be read: {escaped(state.lock.problem)}"]
    if state.lock.changes is None:
        facts = state.lock.facts
        return [number(facts.packages, "package")] if facts else []
    if not state.lock.changes:
        return [] if state.step.moved_from is not None else ["no package"]
    return [_words(change) for change in state.lock.changes]


def _words(change: ShortChange) -> str:
    name, before, after = map(escaped, change)
    if not before:
        return f"+{name} {after}".rstrip()
    if not after:
        return f"−{name} {before}"
    return f"{name} {before} → {after}" if before != after else f"{name} {after} (other files)"


def _shortened(words: Sequence[str], room: int | None) -> str:
    """The first few, and how many more there are."""
    for shown in range(min(_MOST, len(words)), 0, -1):
        more = [f"+{len(words) - shown}"] if len(words) > shown else []
        text = ", ".join((*words[:shown], *more))
        if room is None or len(text) <= room or shown == 1:
            return text
    return ""


def _shape(state: EnvVersion) -> dict[str, Any]:
    step, lock = state.step, state.lock
    return {
        "versions": [{"version": m.version, "commit": m.commit} for m in state.marks if m.version],
        "labels": [{"label": m.label, "commit": m.commit} for m in state.marks if m.label],
        "commit": step.commit,
        "date": step.date,
        "author": step.author,
        "folder": step.folder or ".",
        "moved_from": step.moved_from if step.moved_from != "" else ".",
        "on_branch": state.on_branch,
        "locked": lock is not None,
        "problem": lock.problem if lock else None,
        **_hashes(lock.facts if lock else None),
        "changes": None if lock is None or lock.changes is None else [change._asdict() for change in lock.changes],
    }


def _hashes(facts: LockFacts | None) -> dict[str, Any]:
    if facts is None:
        return {"environment_hash": None, "image_key": None, "lock_hashes": {}, "packages": None}
    told = asdict(facts)
    return {
        "environment_hash": told["environment"],
        "image_key": told["image"],
        "lock_hashes": dict(facts.platforms),
        "packages": told["packages"],
    }
