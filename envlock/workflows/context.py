"""What every workflow is given: the cache, the way to the network, and somebody to tell how far it is."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event, Lock
from typing import TYPE_CHECKING, Any, TypeVar

from envlock.errors import EnvlockError
from envlock.system.cache import Cache
from envlock.workflows import later

if TYPE_CHECKING:
    from envlock.system.http import Http

T = TypeVar("T")


@dataclass
class _Once:
    """One question of a run, and what came of it."""

    lock: Lock = field(default_factory=Lock)
    asked: bool = False
    answer: Any = None
    error: EnvlockError | None = None


def _silent(_line: str) -> None:
    """Nobody is told."""


def _unseen(_what: str, _done: int, _of: int) -> None:
    """Nobody looks on."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """`environment` is that of the process, read once by `cli`; `progress` takes one line about work that has begun,
    `moved` what is on its way, the bytes that have arrived and those in all; both may be called by several threads.
    `insecure` are hosts, with port, that are spoken to by plain HTTP; `stopped` is set where what other threads fetch
    is no longer wanted."""

    cache: Cache
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False
    insecure: tuple[str, ...] = ()
    progress: Callable[[str], None] = field(default=_silent)
    moved: Callable[[str, int, int], None] = field(default=_unseen)

    stopped: Event = field(default_factory=Event, repr=False)
    _warned: set[str] = field(default_factory=set, repr=False)

    _asked: dict[Hashable, "_Once"] = field(default_factory=dict, repr=False)

    def once(self, key: Hashable, ask: Callable[[], T]) -> T:
        """What `ask` answers, or raises: asked once in this run, whoever wants it and from whichever thread."""
        one = self._asked.setdefault(key, _Once())
        with one.lock:
            if not one.asked:
                try:
                    one.answer = ask()
                except EnvlockError as error:
                    one.error = error
                one.asked = True
        if one.error:
            raise one.error
        answer: T = one.answer
        return answer

    def warn(self, line: str) -> None:
        """Tells of something once, however often it is come across."""
        if line not in self._warned:
            self._warned.add(line)
            self.progress(f"warning: {line}")

    @cached_property
    def http(self) -> "Http":
        return later.http(offline=self.offline, stopped=self.stopped)
