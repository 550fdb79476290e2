"""Conda packages that another tool's lock, or a prefix, pins: completed, not solved."""

from collections.abc import Sequence

from envlock.solvers.requests import CondaAnswer
from envlock.workflows.task import PlatformTask


def pinned_conda(tasks: Sequence[PlatformTask]) -> list[tuple[CondaAnswer, ...]]:
    """For each platform what is pinned there, with all that a lock holds of a package."""
    raise NotImplementedError
