"""What git's hooks need only where there is something to look at, loaded by those: as `later`."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envlock.system.cache import Cache
    from envlock.workflows.check import Answer
    from envlock.workflows.context import Context
    from envlock.workflows.git_hooks import Tip
    from envlock.workflows.installed import Note
    from envlock.workflows.project import Project


def is_installed(note: "Note", cache: "Cache") -> bool:
    from envlock.workflows.installed_match import is_installed

    return is_installed(note, cache)


def check_staged(start: Path, cache: "Cache") -> "list[Answer]":
    from envlock.workflows.check_tree import check_staged

    return check_staged((), start, cache)


def pushed_answers(tips: "Sequence[Tip]", remote: str, start: Path, cache: "Cache") -> "list[Answer]":
    from envlock.workflows.check_pushed import pushed_answers

    return pushed_answers(tips, remote, start, cache)


def export(project: "Project", context: "Context", output: Path, **options: Any) -> None:
    from envlock.workflows.export import ExportOptions, export

    export(project, context, ExportOptions(output=output, **options))
