"""Wheels solved beside base and conda packages, on the guess that those will bring the same as before.

What waits for the network side by side takes as long as the slowest and not as all. Where the guess was wrong its
answer is not looked at; nothing that it learned on the way is wrong.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from envlock.model.lock import PipPackage, PlatformLock
from envlock.solvers.requests import Provided
from envlock.workflows.solve_pip import provided_by, solve_pip
from envlock.workflows.task import PlatformTask


class WheelGuess:
    """A solve under way since it was made; none where there is nothing to go by, or nothing to gain."""

    def __init__(self, task: PlatformTask, pins: PlatformLock | None, keep: Sequence[PipPackage]) -> None:
        self._future: Future[tuple[PipPackage, ...]] | None = None
        if pins and pins.python and task.wants.pip and bool(pins.conda) == task.spec.has_conda:
            self._python, self._provided = pins.python, provided_by(pins.conda)
            pool = ThreadPoolExecutor(1)
            self._future = pool.submit(solve_pip, task, python=self._python, provided=self._provided, keep=keep)
            pool.shutdown(wait=False)  # nothing more is asked of it

    def answer(self, *, python: str | None, provided: Mapping[str, Provided]) -> tuple[PipPackage, ...] | None:
        """The wheels (or the error of a right guess, raised); None where they must be solved now."""
        if self._future is None or (self._python, self._provided) != (python, provided):
            return None
        return self._future.result()
