"""Locks of other times, read for what a list of versions tells of them."""

from collections.abc import Callable

from envlock.errors import UserInputError
from envlock.lockfile.reader import lock_of
from envlock.model.digest import environment_hash_of, image_key_of, lock_hashes
from envlock.model.lock import Lock
from envlock.model.short_changes import short_changes
from envlock.workflows.lock_facts import LockFacts, LockStep


class LockReading:
    """Reads locks by their ids; `content` gives the bytes."""

    def __init__(self, content: Callable[[str], bytes]) -> None:
        self._content = content
        self._last: tuple[str, Lock | str] | None = None

    def step(self, before: str | None, after: str) -> LockStep:
        now = self._read(after)
        was = self._read(before) if before else None
        if before and was is not None:
            self._last = (before, was)  # the next one asked for, mostly
        if isinstance(now, str):
            return LockStep(facts=None, problem=now)
        changes = short_changes(before=was, after=now) if isinstance(was, Lock) else None
        return LockStep(facts=facts_of(now), changes=changes)

    def _read(self, id: str) -> Lock | str:
        """The lock, or why it cannot be read."""
        if self._last and self._last[0] == id:
            return self._last[1]
        try:
            return lock_of("env.lock", self._content(id).decode("utf-8-sig").replace("\r\n", "\n"))
        except UnicodeDecodeError:
            return "env.lock is not UTF-8 text"
        except UserInputError as error:
            return error.message.splitlines()[0]


def facts_of(lock: Lock) -> LockFacts:
    hashes = lock_hashes(lock)
    has_images = any(platform.startswith("linux-") for platform in hashes)
    return LockFacts(
        environment=environment_hash_of(hashes),
        image=image_key_of(hashes) if has_images else None,
        platforms=tuple(hashes.items()),
        packages=len({package.node for p in lock.platforms for package in p.packages}),
    )
