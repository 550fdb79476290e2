"""What `runs` prints of recorded runs."""

import json
from collections.abc import Iterator

import click

from envlock.cli.listing import Table
from envlock.cli.text import aligned
from envlock.errors import escaped
from envlock.model.run import Recorded, Run, reproduced, run_json, shell_line

_COMMAND = 60  # characters of it in a table
_SPANS = (("d", 86400), ("h", 3600), ("min", 60))


def run_table(runs: tuple[Recorded, ...]) -> Table:
    titles = ("ID", "WHEN", "TOOK", "EXIT", "ENVIRONMENT", "COMMAND")
    return Table(titles, [_row(one) for one in runs], (2, 3))


def _row(one: Recorded) -> tuple[str, ...]:
    run = one.run
    command = escaped(shell_line(run.command))
    short = command if len(command) <= _COMMAND else f"{command[: _COMMAND - 1]}…"
    state = click.style(" dirty", fg="yellow") if run.dirty else ""
    code = click.style(escaped(run.signal or str(run.exit_code)), fg="red") if run.exit_code else "0"
    return one.id, _local(run), took(run.seconds), code, f"{escaped(run.asked)}{state}", short


def run_lines(one: Recorded) -> Iterator[str]:
    """One run, a line for each fact that is known."""
    run = one.run
    ended = f"{run.signal} ({run.exit_code})" if run.signal else str(run.exit_code)
    tree = "changed" if run.dirty else "clean"
    untracked = f", {run.untracked} untracked" if run.untracked else ""
    facts = {
        "run": one.id,
        "command": shell_line(run.command) + (" … (cut)" if run.cut else ""),
        "started": f"{_local(run)}, took {took(run.seconds)}",
        "exit": ended,
        "by": " on ".join(filter(None, (run.user, run.host))),
        "folder": run.folder,
        "environment": ", ".join(_environment(run)),
        "platform": run.platform + (f", Python {run.python}" if run.python else ""),
        "lock hash": run.lock_hash,
        "image": run.image,
        "commit": f"{run.commit}, {tree}{untracked}",
        "patch": f"sha256 {run.patch}" if run.patch else None,
        "again": reproduced(run),
    }
    yield from aligned([(name, escaped(fact)) for name, fact in facts.items() if fact])


def run_shape(one: Recorded) -> dict[str, object]:
    """All of a run, as JSON has it: what is recorded, and what follows from it."""
    told = json.loads(run_json(one.run))
    told.pop("format")
    derived = {"id": one.id, "environment": one.run.environment, "seconds": one.run.seconds}
    return {**derived, **told, "record": one.commit, "reproduce": reproduced(one.run)}


def _environment(run: Run) -> Iterator[str]:
    """As asked for, and what that was then: labels and branches move."""
    yield run.asked
    if run.asked != run.environment:
        yield f"which was {run.environment}"
    if run.groups:
        yield f"groups {', '.join(run.groups)}"


def took(seconds: float) -> str:
    """0.31 -> "0.3 s", 75 -> "1 min 15 s", 8100 -> "2 h 15 min"."""
    if seconds < 9.95:
        return f"{max(seconds, 0):.1f} s"
    rest = round(seconds)
    parts = []
    for unit, length in (*_SPANS, ("s", 1)):
        count, rest = divmod(rest, length)
        parts += [f"{count} {unit}"] if count else []
    return " ".join(parts[:2])


def _local(run: Run) -> str:
    return f"{run.start.astimezone():%Y-%m-%d %H:%M}"
