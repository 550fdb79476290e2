"""Which engine chooses wheels: the one that `[lock]` names, handed what it needs. The others are not loaded."""

from collections.abc import Callable
from functools import partial

from envlock.solvers import pip_uv
from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.solvers.uv_run import UvRun
from envlock.workflows import later, later_import
from envlock.workflows.task import PlatformTask

PipSolver = Callable[[PipRequest], tuple[PipAnswer, ...]]


def pip_solver(task: PlatformTask, begun: UvRun | None = None) -> PipSolver:
    """The solver that `pip-resolver` names; what is pinned already answers without one."""
    if task.pinned:
        return partial(later_import.pinned_pip, task=task)
    return _PIP[task.spec.lock.pip_resolver](task, begun)


def _uv(_task: PlatformTask, begun: UvRun | None) -> PipSolver:
    return partial(pip_uv.solve, begun=begun)


def _pip_tools(task: PlatformTask, _begun: UvRun | None) -> PipSolver:
    return partial(later.pip_tools, task=task)


_PIP: dict[str, Callable[[PlatformTask, UvRun | None], PipSolver]] = {"uv": _uv, "pip-tools": _pip_tools}
