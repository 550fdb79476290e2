"""What is asked of uv before all else is loaded.

It works in a process of its own, and to load what is done with its answer takes about as long as the answer.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from envlock.model.lock import Inputs
from envlock.solvers.uv_run import UvRun, begun
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.pins import Pins, read_pins
from envlock.workflows.pip_request import pip_request
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask
from envlock.workflows.tasks import tasks_of
from envlock.workflows.upgrade import Upgrade


@dataclass(frozen=True, slots=True, kw_only=True)
class Ahead:
    """The pins that there are, and by platform what uv was asked on the guess that Python will be the same."""

    pins: Pins
    wheels: Mapping[str, UvRun]


@contextmanager
def ahead(project: Project, context: Context, upgrade: Upgrade) -> Iterator[Ahead]:
    """Asks uv what it will be asked in any case; what nobody has come for in the end is ended."""
    pins = read_pins(project)
    with ExitStack() as stack:
        wheels: dict[str, UvRun] = {}
        for task in _sure(pins, project, context, upgrade):
            if run := _begun(task):
                wheels[task.name] = stack.enter_context(run)
        yield Ahead(pins=pins, wheels=wheels)


def _sure(pins: Pins, project: Project, context: Context, upgrade: Upgrade) -> list[PlatformTask]:
    """The platforms whose wheels are to be solved, with no conda packages beneath."""
    if pins.lock is None or pins.conflict:
        return []
    spec = later.read_manifest(project)
    if spec.has_conda or spec.lock.pip_resolver != "uv" or not (upgrade or Inputs.of(spec) != pins.lock.inputs):
        return []
    return tasks_of(spec, project, context, pins.lock, upgrade)


def _begun(task: PlatformTask) -> UvRun | None:
    """uv at work on what is wanted; None where there is more to be looked at first."""
    python = task.likely_python
    if python is None or any(" @ " in text for text in task.wants.pip):
        return None
    return begun(pip_request(task, python=python, provided={}, keep=task.kept_pip))
