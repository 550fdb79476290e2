"""What a list of versions tells of locks: their hashes, and what changed, kept so that each is read but once."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from envlock.model.short_change import ShortChange
from envlock.system.cache import Cache, typed
from envlock.workflows import later_history

if TYPE_CHECKING:
    from envlock.workflows.lock_reading import LockReading

_KIND = "lock-steps"  # raised with the form of what is kept
_NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class LockFacts:
    """The hashes of a lock; `image` is the image key, None where no platform has images."""

    environment: str
    image: str | None
    platforms: tuple[tuple[str, str], ...]
    packages: int

    @property
    def key(self) -> str:
        """By what it is called for people: `lock-` and the first digits of this."""
        return self.image or self.environment

    @property
    def all(self) -> tuple[str, ...]:
        """Every hash that `lock-HEX` may be the beginning of."""
        own = (self.image, self.environment, *(value for _, value in self.platforms))
        return tuple(dict.fromkeys(value for value in own if value))


@dataclass(frozen=True, slots=True, kw_only=True)
class LockStep:
    """A lock beside the one before; `changes` is None where either cannot be read or there is none before."""

    facts: LockFacts | None
    problem: str | None = None
    changes: tuple[ShortChange, ...] | None = None


class LockSteps:
    """Tells of locks by the ids of their content, which `content` gives the bytes of."""

    def __init__(self, content: Callable[[str], bytes], cache: Cache) -> None:
        self._content, self._cache = content, cache

    def step(self, *, before: str | None, after: str) -> LockStep:
        key = f"{after}-{before or _NONE}"
        kept = self._cache.record(_KIND, key, _from_record)
        if kept is None:
            kept = self._reading.step(before, after)
            self._cache.keep(_KIND, key, _to_record(kept), lasting=False)
        return kept

    def facts(self, id: str) -> LockFacts | None:
        return self.step(before=None, after=id).facts

    @cached_property
    def _reading(self) -> "LockReading":
        return later_history.lock_reading(self._content)


def _to_record(step: LockStep) -> dict[str, Any]:
    facts = step.facts
    return {
        "problem": step.problem,
        "changes": step.changes,
        "facts": facts and [facts.environment, facts.image, facts.platforms, facts.packages],
    }


def _from_record(kept: Any) -> LockStep:
    changes, facts = kept["changes"], kept["facts"]
    return LockStep(
        facts=facts and _facts(*facts),
        problem=kept["problem"] and typed(kept["problem"], str),
        changes=None if changes is None else tuple(ShortChange(*(typed(x, str) for x in each)) for each in changes),
    )


def _facts(environment: Any, image: Any, platforms: Any, packages: Any) -> LockFacts:
    return LockFacts(
        environment=typed(environment, str),
        image=image and typed(image, str),
        platforms=tuple((typed(name, str), typed(value, str)) for name, value in platforms),
        packages=typed(packages, int),
    )
