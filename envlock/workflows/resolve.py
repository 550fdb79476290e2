"""Resolving: from what is wanted, and the pins there are, to what is locked."""

from envlock.manifest.reader import read_manifest
from envlock.model.closure import with_groups
from envlock.model.lock import ImageSettings, Inputs, Lock, PlatformLock
from envlock.model.spec import EnvSpec
from envlock.sources.places import Sources
from envlock.workflows.bases import lock_base, require_usable
from envlock.workflows.conda_extras import require_extras
from envlock.workflows.context import Context
from envlock.workflows.guess import WheelGuess
from envlock.workflows.project import Project
from envlock.workflows.solve_conda import solve_conda
from envlock.workflows.solve_pip import provided_by, python_of, solve_pip
from envlock.workflows.task import PlatformTask
from envlock.workflows.upgrade import BASE, Upgrade


def resolve(
    project: Project, context: Context, old: Lock | None, upgrade: Upgrade, spec: EnvSpec | None = None
) -> Lock:
    """The lock that answers a manifest (or `spec`, which is to become one); pins of `old` are kept where they still
    hold and `upgrade` lets them."""
    spec = spec or read_manifest(project.manifest)
    sources = Sources.of(spec.conda.channels, spec.pip.indexes, project.folder)
    tasks = [
        PlatformTask(spec=spec, name=name, project=project, sources=sources, context=context)
        for name in sorted(spec.platforms)
    ]
    try:
        platforms = tuple(_lock_platform(task, old.platform(task.name) if old else None, upgrade) for task in tasks)
    except BaseException:
        context.stopped.set()  # a guess may be under way, and its answer is wanted no more
        raise
    return Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=platforms)


def _lock_platform(task: PlatformTask, pins: PlatformLock | None, upgrade: Upgrade) -> PlatformLock:
    """Base, then conda, then pip: each is solved with what the ones before it bring."""
    told = task.context.progress
    keep = [p for p in pins.pip if not upgrade.moves(p.name)] if pins else []
    guess = WheelGuess(task, pins, keep)
    if task.platform.has_images:
        told(f"{task.name}: base {task.spec.base}")
    base = lock_base(task, pins.base if pins and not upgrade.moves(BASE) else None)
    if task.wants.conda:
        told(f"{task.name}: conda packages")
    conda = solve_conda(task, [p for p in pins.conda if not upgrade.moves(p.name)] if pins else [])
    python, provided = python_of(conda, base), provided_by(conda)
    require_usable(task, base, python)
    if task.wants.pip:
        told(f"{task.name}: wheels")
    pip = guess.answer(python=python, provided=provided)
    if pip is None:
        pip = solve_pip(task, python=python, provided=provided, keep=keep)
    require_extras(task, conda=conda, pip=pip, python=python)
    return with_groups(PlatformLock(platform=task.name, base=base, conda=conda, pip=pip), task.spec)
