"""The Dockerfile that a base is made by, and what it may copy: whether they are as they were."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import UserInputError
from envlock.images.dockerfile import LISTINGS, DockerContext, read_context
from envlock.model.lock import Lock
from envlock.model.problem import Problem
from envlock.system.cache import Cache, typed

_SHOWN = 3


def changed_context(folder: Path, dockerfile: str, lock: Lock, cache: Cache) -> Iterator[Problem]:
    """A reason where what was locked was made of something else; a lock without a Dockerfile has other reasons."""
    locked = {platform.base.context for platform in lock.platforms if platform.base.context}
    if not locked:
        return
    try:
        context = read_context(folder, dockerfile)
        found = context.sha256
        why = "" if locked == {found} else f"what it is made of has changed{_named(context, locked, cache)}"
    except UserInputError as error:
        found, why = "", error.message
    if locked != {found}:
        yield Problem(kind="input", subject="dockerfile", message=f"the base of `{dockerfile}`: {why}")


def _named(context: DockerContext, locked: set[str], cache: Cache) -> str:
    """The files that are not as they were, where this machine has seen them as they were: ": `a`, `b` and 2 more"."""
    before = cache.record(LISTINGS, min(locked), lambda kept: {path: typed(kept[path], str) for path in kept})
    if before is None:
        return ""
    now = context.listing
    differing = {path for path in before.keys() | now.keys() if before.get(path) != now.get(path)}
    names = sorted({path.strip("'") or context.dockerfile.name for path in differing})
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f": {', '.join(f'`{name}`' for name in names[:_SHOWN])}{more}" if names else ""
