"""The same as `later` for what was: other revisions, the history of locks, and which files git knows of."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from envlock.workflows.context import Context
    from envlock.workflows.lock_reading import LockReading
    from envlock.workflows.project import Project
    from envlock.workflows.revision import Found
    from envlock.workflows.wanted import Wanted


def folders_with(name: str, root: Path) -> list[Path]:
    from envlock.history.folders import folders_with

    return folders_with(name, root)


def at_revision(wanted: "Wanted") -> "Found":
    from envlock.workflows.revision import find

    return find(wanted)


def environment_at(word: str, start: Path, context: "Context") -> "Project":
    from envlock.workflows.environment_at import environment_at

    return environment_at(word, start, context)


def lock_reading(content: "Callable[[str], bytes]") -> "LockReading":
    from envlock.workflows.lock_reading import LockReading

    return LockReading(content)
