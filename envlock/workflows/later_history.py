"""The same as `later` for what was: other revisions, the history of locks, and which files git knows of."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envlock.history.repository import Repository
    from envlock.history.tree import StagedTree, Tree
    from envlock.system.cache import Cache
    from envlock.workflows.check import Answer
    from envlock.workflows.context import Context
    from envlock.workflows.lock_reading import LockReading
    from envlock.workflows.moment import Moment
    from envlock.workflows.needed import Needed
    from envlock.workflows.project import Project
    from envlock.workflows.revision import Found
    from envlock.workflows.wanted import Wanted


def folders_with(name: str, root: Path) -> list[Path]:
    from envlock.history.folders import folders_with

    return folders_with(name, root)


def repository_around(folder: Path) -> "Repository | None":
    from envlock.history.around import repository_around

    return repository_around(folder)


def at_revision(wanted: "Wanted") -> "Found":
    from envlock.workflows.revision import find

    return find(wanted)


def environment_at(word: str, start: Path, context: "Context", *, locked: bool = True) -> "Project":
    from envlock.workflows.environment_at import environment_at

    return environment_at(word, start, context, locked=locked)


def lock_reading(content: "Callable[[str], bytes]") -> "LockReading":
    from envlock.workflows.lock_reading import LockReading

    return LockReading(content)


def check_staged(envs: "Sequence[str]", start: Path, cache: "Cache") -> "list[Answer]":
    from envlock.workflows.check_tree import check_staged

    return check_staged(envs, start, cache)


def check_commit(revision: str, start: Path, context: "Context") -> "list[Answer]":
    from envlock.workflows.check_tree import check_commit
    from envlock.workflows.environment_at import revision_here

    return check_commit(revision_here(revision, start), context.cache)


def needed(tree: "Tree", folder: str) -> "Needed":
    from envlock.workflows.needed import needed

    return needed(tree, folder, lock=False)


def staged(tree: "StagedTree", root: Path, folder: str, cache: "Cache") -> "Project":
    from envlock.workflows.snapshots import staged

    return staged(tree, root, folder, cache)


def at_commit(moment: "Moment", folder: str, name: str, cache: "Cache") -> "Project":
    from envlock.workflows.snapshots import at_commit

    return at_commit(moment, folder, name, cache)


def version_names(name: str, folder: Path) -> tuple[str, ...]:
    from envlock.workflows.version_names import version_names

    return version_names(name, folder)
