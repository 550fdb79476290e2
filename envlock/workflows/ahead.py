"""Solvers are put to work before all else is loaded.

They are processes of their own, and to load what is done with an answer takes about as long as the answer.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from envlock.model.lock import Inputs
from envlock.model.spec import EnvSpec
from envlock.solvers.uv_run import UvRun, begun
from envlock.system.conda.child import Child
from envlock.workflows import later
from envlock.workflows.begun import NOTHING, Begun
from envlock.workflows.context import Context
from envlock.workflows.pins import Pins, read_pins
from envlock.workflows.pip_request import pip_request
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The pins that there are, what is wanted, where that had to be read, and what was begun."""

    pins: Pins
    spec: EnvSpec | None = None
    begun: Begun = NOTHING


@contextmanager
def ahead(project: Project, context: Context, upgrade: Upgrade) -> Iterator[Ahead]:
    """Begins what will be done in any case; what nobody has come for in the end is ended."""
    pins = read_pins(project)
    if pins.lock is None or pins.conflict:
        yield Ahead(pins=pins)
        return
    spec = later.read_manifest(project)
    if not upgrade and Inputs.of(spec) == pins.lock.inputs:
        yield Ahead(pins=pins, spec=spec)  # it may be that there is nothing to solve
        return
    with ExitStack() as stack:
        yield Ahead(pins=pins, spec=spec, begun=_begun(tasks_of(spec, project, context, pins.lock, upgrade), stack))


def _begun(tasks: Sequence[PlatformTask], stack: ExitStack) -> Begun:
    spec = tasks[0].spec
    if spec.has_conda:
        ready = spec.lock.conda_solver == "rattler"
        return Begun(conda=stack.enter_context(Child("solve")) if ready else None)
    if spec.lock.pip_resolver != "uv":
        return NOTHING
    runs = {task.name: _asked(task) for task in tasks}
    return Begun(wheels={name: stack.enter_context(run) for name, run in runs.items() if run})


def _asked(task: PlatformTask) -> UvRun | None:
    """uv at work on what is wanted; None where there is more to be looked at first."""
    python = task.likely_python
    if python is None or any(" @ " in text for text in task.wants.pip):
        return None
    return begun(pip_request(task, python=python, provided={}, keep=task.kept_pip))
