"""Which engine solves: the one that `[lock]` names, handed what it needs. The others are not loaded."""

import hashlib
from collections.abc import Callable
from dataclasses import asdict
from functools import partial

from envlock.errors import OutsideError
from envlock.model.index_file import IndexFile
from envlock.model.lock import PipPackage
from envlock.model.spec import Index
from envlock.model.wheel_metadata import WheelMetadata
from envlock.solvers import pip_uv
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.sources.metadata import wheel_metadata
from envlock.workflows import later
from envlock.workflows.packages import supply_of
from envlock.workflows.task import PlatformTask

PipSolver = Callable[[PipRequest], tuple[PipAnswer, ...]]
_PAGES = "index-pages"


def pip_solver(task: PlatformTask) -> PipSolver:
    """The solver that `[lock] pip-resolver` names."""
    return _PIP[task.spec.lock.pip_resolver](task)


def _uv(_task: PlatformTask) -> PipSolver:
    return pip_uv.solve


def _pip_tools(task: PlatformTask) -> PipSolver:
    return partial(later.pip_tools, files_of=partial(_files, task), metadata_of=partial(_metadata, task))


_PIP: dict[str, Callable[[PlatformTask], PipSolver]] = {"uv": _uv, "pip-tools": _pip_tools}


def _files(task: PlatformTask, index: Index, name: str) -> tuple[IndexFile, ...] | None:
    """The wheels of a distribution on an index, kept for the time when there is no connection."""
    cache, url = task.context.cache, index.url
    key = hashlib.sha256(f"{url or ''} {name}".encode()).hexdigest()
    if task.context.offline:
        kept = cache.record(_PAGES, key, lambda files: tuple(IndexFile(**file) for file in files))
        if kept is None:
            message = f"what the index `{index.name}` has of `{name}` is not in the cache, and this is --offline"
            raise OutsideError(message, hint="run it once without")
        return kept
    found = later.wheels_on(supply_of(task.sources, task.context).http(), url, name=name, index=index.name)
    if found is not None:
        cache.keep(_PAGES, key, [asdict(file) for file in found])
    return found


def _metadata(task: PlatformTask, file: IndexFile) -> WheelMetadata:
    package = PipPackage(
        name=file.name,
        version=file.version,
        file=file.file,
        sha256=file.sha256 or "",
        size=file.size,
        index=file.index,
    )
    return wheel_metadata(package, file.url, supply_of(task.sources, task.context))
