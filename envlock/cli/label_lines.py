"""Labels in words: what they stand for, since when, and who moved them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone

from envlock.errors import escaped
from envlock.history.labels import LabelState
from envlock.history.repository import Person
from envlock.workflows.label import Moved

_SHORT = 7


def titles() -> tuple[str, ...]:
    return ("LABEL", "VERSION", "COMMIT", "DATE", "BY")


def rows(states: Iterable[LabelState]) -> list[tuple[str, ...]]:
    return [
        (
            escaped(state.label),
            _version(state),
            (state.commit or "")[:_SHORT],
            f"{_time(state.by):%Y-%m-%d}",
            _by(state),
        )
        for state in states
    ]


def shape(state: LabelState) -> dict[str, object]:
    """For programs; of a label that was removed, version and commit are null."""
    return {
        "environment": state.environment,
        "label": state.label,
        "version": state.version,
        "commit": state.commit,
        "by": state.by.name,
        "email": state.by.email,
        "time": _time(state.by).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "united": state.united,
    }


def moved_lines(moved: Moved) -> list[str]:
    """The answer, and what else is to be known."""
    now, before = moved.now, moved.before
    lines = [f"{now.label}   {_place(now)}"]
    if before and before.id == now.id:
        return [*lines, "it is so already"]
    lines += [f"it was {_place(before)}"] if before else []
    lines += [] if moved.registered else ["this commit is not registered: `envlock register` gives it a number"]
    lines += ["`envlock sync` shares it with the team"] if moved.alone else []
    return lines


def _place(state: LabelState) -> str:
    return f"{_version(state)} → {state.commit[:_SHORT]}" if state.commit else _version(state)


def _version(state: LabelState) -> str:
    return escaped(f"{state.environment}@{state.version or '?'}" if state.commit else f"{state.environment}: removed")


def _by(state: LabelState) -> str:
    return "envlock sync" if state.united else escaped(state.by.name)


def _time(person: Person) -> datetime:
    """Where and when it was done."""
    try:
        return datetime.fromtimestamp(person.time, timezone(timedelta(minutes=person.offset)))
    except (ValueError, OverflowError, OSError):  # what came from others may be of no calendar: git shows this, too
        return datetime.fromtimestamp(0, UTC)
