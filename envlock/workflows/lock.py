"""lock: resolve what env.toml asks for and write env.lock, keeping every pin that still holds."""

from dataclasses import dataclass
from time import monotonic

from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.changes import Changes, changes
from envlock.model.lock import ImageSettings, Inputs, Lock, PlatformLock
from envlock.sources.places import Sources
from envlock.system.files import write_whole
from envlock.workflows.bases import lock_base, require_usable
from envlock.workflows.check import find_problems
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.solve_conda import solve_conda
from envlock.workflows.solve_pip import provided_by, python_of, solve_pip
from envlock.workflows.task import PlatformTask


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """Which pins need not be kept: all of them, or those of some names (`base` is the base image)."""

    everything: bool = False
    names: frozenset[str] = frozenset()

    def moves(self, name: str) -> bool:
        return self.everything or name in self.names

    def __bool__(self) -> bool:
        return self.everything or bool(self.names)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockResult:
    """The lock, how it differs from the one before, and whether a file was written."""

    lock: Lock
    changes: Changes
    written: bool
    seconds: float


def lock(project: Project, context: Context, upgrade: Upgrade = Upgrade()) -> LockResult:
    """Makes env.lock answer env.toml; the file is touched only where something changes."""
    began = monotonic()
    spec = read_manifest(project.manifest)
    old = read_lock(project.lockfile) if project.lockfile.exists() else None
    if old and not upgrade and not find_problems(spec, old):
        return _result(old, old, began, written=False)
    sources = Sources.of(spec.conda.channels, spec.pip.indexes, project.folder)
    tasks = [
        PlatformTask(spec=spec, name=name, project=project, sources=sources, context=context)
        for name in sorted(spec.platforms)
    ]
    new = Lock(
        inputs=Inputs.of(spec),
        image=ImageSettings.of(spec),
        platforms=tuple(_lock_platform(task, old.platform(task.name) if old else None, upgrade) for task in tasks),
    )
    text = lock_text(new).encode()
    same = project.lockfile.exists() and project.lockfile.read_bytes() == text
    if not same:
        write_whole(project.lockfile, text)
    return _result(old, new, began, written=not same)


def _lock_platform(task: PlatformTask, pins: PlatformLock | None, upgrade: Upgrade) -> PlatformLock:
    """Base, then conda, then pip: each is solved with what the ones before it bring."""
    told = task.context.progress
    told(f"{task.name}: base {task.spec.base}")
    base = lock_base(task, pins.base if pins and not upgrade.moves("base") else None)
    if task.spec.has_conda:
        told(f"{task.name}: conda packages")
    conda = solve_conda(task, [p for p in pins.conda if not upgrade.moves(p.name)] if pins else [])
    python = python_of(conda, base)
    require_usable(task, base, python)
    if task.spec.pip.dependencies:
        told(f"{task.name}: wheels")
    keep = [p for p in pins.pip if not upgrade.moves(p.name)] if pins else []
    pip = solve_pip(task, python=python, provided=provided_by(conda), keep=keep)
    return PlatformLock(platform=task.name, base=base, conda=conda, pip=pip)


def _result(old: Lock | None, new: Lock, began: float, *, written: bool) -> LockResult:
    return LockResult(lock=new, changes=changes(before=old, after=new), written=written, seconds=monotonic() - began)
