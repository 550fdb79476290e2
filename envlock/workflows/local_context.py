"""The Dockerfile that a base is made by, and what it may copy: whether they are as they were."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import UserInputError
from envlock.model.lock import Lock
from envlock.model.problem import Problem
from envlock.workflows.later_local import context_sha256


def changed_context(folder: Path, dockerfile: str, lock: Lock) -> Iterator[Problem]:
    """A reason where what was locked was made of something else; a lock without a Dockerfile has other reasons."""
    locked = {platform.base.context for platform in lock.platforms if platform.base.context}
    if not locked:
        return
    try:
        found, why = context_sha256(folder, dockerfile), "what it is made of has changed"
    except UserInputError as error:
        found, why = "", error.message
    if locked != {found}:
        yield Problem(kind="input", subject="dockerfile", message=f"the base of `{dockerfile}`: {why}")
