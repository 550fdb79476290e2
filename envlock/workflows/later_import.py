"""What only some runs need of what is taken over from other tools: locks, prefixes, saved folders; as in `later`."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from envlock.model.imported import Imported
    from envlock.solvers.requests import CondaAnswer, PipAnswer, PipRequest
    from envlock.workflows.clone import Cloned
    from envlock.workflows.context import Context
    from envlock.workflows.curated import Offered
    from envlock.workflows.import_asked import Asked, ImportOptions, ImportResult
    from envlock.workflows.import_lock import LockedAsPinned
    from envlock.workflows.import_source import Read
    from envlock.workflows.load import Loaded
    from envlock.workflows.project import Project
    from envlock.workflows.save import Saved
    from envlock.workflows.task import PlatformTask


def locked_as_pinned(imported: "Imported", project: "Project", context: "Context") -> "LockedAsPinned":
    from envlock.workflows.import_lock import locked_as_pinned

    return locked_as_pinned(imported, project, context)


def import_environment(
    source: "Path", folder: "Path", context: "Context", asked: "Asked", options: "ImportOptions"
) -> "ImportResult":
    from envlock.workflows.import_environment import import_environment

    return import_environment(source, folder, context, asked, options)


def read_source(path: "Path", asked: "Asked", context: "Context") -> "Read":
    from envlock.workflows.import_source import read_source

    return read_source(path, asked, context)


def save(project: "Project", folder: "Path", context: "Context", **options: Any) -> "Saved":
    from envlock.workflows.save import SaveOptions, save

    return save(project, folder, context, SaveOptions(**options))


def load(folder: "Path", start: "Path", context: "Context", **options: Any) -> "Loaded":
    from envlock.workflows.load import LoadOptions, load

    return load(folder, start, context, LoadOptions(**options))


def clone(origin: "Project", folder: "Path", name: str | None, context: "Context") -> "Cloned":
    from envlock.workflows.clone import clone

    return clone(origin, folder, name, context)


def offered(address: str | None, start: "Path", context: "Context") -> "tuple[Offered, ...]":
    """The environments of another repository; without its address, those that come with envlock."""
    from envlock.workflows.curated import catalogue, curated

    return curated() if address is None else catalogue(address, start, context)


def curated_named(word: str) -> "Project":
    from envlock.workflows.curated import curated_named

    return curated_named(word)


def default_project(context: "Context") -> "Project":
    from envlock.workflows.curated import default_project

    return default_project(context)


def pinned_conda(tasks: "Sequence[PlatformTask]") -> "list[tuple[CondaAnswer, ...]]":
    from envlock.workflows.pinned_conda import pinned_conda

    return pinned_conda(tasks)


def pinned_pip(request: "PipRequest", *, task: "PlatformTask") -> "tuple[PipAnswer, ...]":
    from envlock.workflows.pinned_pip import pinned_pip

    return pinned_pip(request, task)
