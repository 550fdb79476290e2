"""Wheels solved beside base and conda packages, on the guess that those will bring the same as before.

What waits for the network side by side takes as long as the slowest and not as all. Where the guess was wrong its
answer is not looked at; nothing that it learned on the way is wrong.
"""

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from envlock.model.lock import CondaPackage, PipPackage
from envlock.solvers.requests import Provided
from envlock.solvers.uv_run import UvRun
from envlock.workflows import later
from envlock.workflows.solve_pip import solve_pip
from envlock.workflows.task import PlatformTask


class WheelGuess:
    """A solve under way since it was made, or since `begun`; none where there is nothing to go by, or to gain."""

    def __init__(self, task: PlatformTask, begun: UvRun | None = None) -> None:
        self._future: Future[tuple[PipPackage, ...]] | None = None
        self._python = task.likely_python
        if task.pins and self._python:
            pool = ThreadPoolExecutor(1)
            self._provided = pool.submit(provided, task, task.pins.conda)
            self._future = pool.submit(self._solve, task, begun)
            pool.shutdown(wait=False)  # nothing more is asked of it

    def _solve(self, task: PlatformTask, begun: UvRun | None) -> tuple[PipPackage, ...]:
        return solve_pip(task, python=self._python, provided=self._provided.result(), begun=begun)

    def answer(self, *, python: str | None, provided: Mapping[str, Provided]) -> tuple[PipPackage, ...] | None:
        """The wheels (or the error of a right guess, raised); None where they must be solved now."""
        if self._future is None or self._python != python:
            return None
        # what was locked before may be gone: no matter where something else is locked now
        if self._provided.exception() or self._provided.result() != provided:
            return None
        return self._future.result()


def provided(task: PlatformTask, conda: Sequence[CondaPackage], also: Iterable[str] = ()) -> dict[str, Provided]:
    """The distributions that conda packages bring, none without any; `also` are requirements of wheels."""
    return later.provided_by(task, conda, also) if conda else {}
