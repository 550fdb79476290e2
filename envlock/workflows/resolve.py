"""Resolving: from what is wanted, and the pins there are, to what is locked."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from envlock.errors import EnvlockError
from envlock.model.closure import with_groups
from envlock.model.lock import CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.spec import EnvSpec
from envlock.system.conda.child import Child
from envlock.system.side_by_side import came, side_by_side
from envlock.workflows import later
from envlock.workflows.bases import lock_base, require_usable
from envlock.workflows.begun import NOTHING, Begun
from envlock.workflows.constraints import require_within
from envlock.workflows.context import Context
from envlock.workflows.debian_base import DebianBase, lock_debian
from envlock.workflows.guess import WheelGuess, provided
from envlock.workflows.later_local import locked_copies
from envlock.workflows.pip_request import python_of
from envlock.workflows.solve_pip import solve_pip
from envlock.workflows.task import PlatformTask


def locked(spec: EnvSpec, tasks: Sequence[PlatformTask], context: Context, begun: Begun = NOTHING) -> Lock:
    """The lock that answers `spec`, of which each platform is a task; solvers may have `begun`."""
    copied = locked_copies(tasks[0].project.folder, spec)
    try:
        platforms = tuple(_lock_platforms(tasks, context, begun))
    except BaseException:
        context.stopped.set()  # what other threads fetch is wanted no more
        raise
    return Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=platforms, copied=copied)


def _lock_platforms(tasks: Sequence[PlatformTask], context: Context, begun: Begun) -> list[PlatformLock]:
    """Bases and conda packages of all platforms beside each other, then around what these bring the wheels."""
    guesses = [WheelGuess(task, begun.wheels.get(task.name)) for task in tasks]
    pool = ThreadPoolExecutor(1)
    beside = pool.submit(side_by_side, _base, tasks, stop=context.stopped.set)
    pool.shutdown(wait=False)  # nothing more is asked of it, and Ctrl-C must not wait for a silent registry
    try:
        conda, failure = _conda(tasks, begun.conda), None
    except EnvlockError as error:
        conda, failure = [], error
    bases = came(beside)
    if failure:
        raise failure
    parts = list(zip(tasks, guesses, bases, conda, strict=True))
    return side_by_side(lambda part: _with_wheels(*part), parts, stop=context.stopped.set)


def _base(task: PlatformTask) -> DebianBase:
    """The base, and the packages that it is made of, where it is no image."""
    if task.platform.has_images and task.spec.image.debian:
        return lock_debian(task)
    if task.platform.has_images:
        task.context.progress(f"{task.name}: base {task.spec.base or task.spec.image.dockerfile}")
    return lock_base(task, task.kept_base), ()


def _conda(tasks: Sequence[PlatformTask], child: Child | None) -> list[tuple[CondaPackage, ...]]:
    asking = [task.name for task in tasks if task.wants.conda]
    if asking:
        tasks[0].context.progress(f"{', '.join(asking)}: conda packages")
    return later.solve_conda(tasks, child) if asking else [() for _ in tasks]


def _with_wheels(
    task: PlatformTask, guess: WheelGuess, below: DebianBase, conda: tuple[CondaPackage, ...]
) -> PlatformLock:
    """A platform's lock: the wheels are solved with what base and conda packages bring."""
    base, debian = below
    python = python_of(conda, base)
    require_usable(task, base, python)
    if task.spec.pip.constraints:
        require_within(task, python, conda)
    pip: tuple[PipPackage, ...] = ()
    if task.wants.pip:
        task.context.progress(f"{task.name}: wheels")
        pip = _wheels(task, guess, python=python, conda=conda)
    if python and conda:
        conda = later.with_extras(task, conda, pip, python)
    return with_groups(PlatformLock(platform=task.name, base=base, debian=debian, conda=conda, pip=pip), task.spec)


def _wheels(
    task: PlatformTask, guess: WheelGuess, *, python: str | None, conda: tuple[CondaPackage, ...]
) -> tuple[PipPackage, ...]:
    """Solved once more where wheels turn out to ask for extras of what conda provides."""
    found = provided(task, conda)
    pip = guess.answer(python=python, provided=found)
    if pip is None:
        pip = solve_pip(task, python=python, provided=found)
    also: list[str] = []
    while conda and (unknown := later.unknown_extras(found, pip)):
        also += unknown
        found = provided(task, conda, also)
        pip = solve_pip(task, python=python, provided=found)
    return pip
