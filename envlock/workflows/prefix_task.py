"""A prefix to be filled: what every step of it needs to know."""

from dataclasses import dataclass

from envlock.environments.interpreter import Interpreter
from envlock.model.lock import Lock, PlatformLock
from envlock.workflows.context import Context
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixTask:
    """A lock, the platform of it that is meant, and what is at hand; `python` is None where conda brings Python."""

    lock: Lock
    locked: PlatformLock
    python: Interpreter | None
    project: Project
    context: Context
