"""Distributions that another tool's lock, or a prefix, pins: the file for a platform chosen, nothing solved."""

from envlock.solvers.requests import PipAnswer, PipRequest
from envlock.workflows.task import PlatformTask


def pinned_pip(request: PipRequest, task: PlatformTask) -> tuple[PipAnswer, ...]:
    """What is pinned for a platform: of several files of a distribution the one that fits best."""
    raise NotImplementedError
