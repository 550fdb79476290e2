"""What every workflow is given: the cache, the way to the network, and somebody to tell how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event
from typing import TYPE_CHECKING

from envlock.system.cache import Cache
from envlock.workflows import later

if TYPE_CHECKING:
    from envlock.system.http import Http


def _silent(_line: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """`environment` is that of the process, read once by `cli`; `progress` takes one line about work that has begun;
    `stopped` is set where what other threads fetch is no longer wanted."""

    cache: Cache
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    offline: bool = False
    progress: Callable[[str], None] = field(default=_silent)

    stopped: Event = field(default_factory=Event, repr=False)
    _warned: set[str] = field(default_factory=set, repr=False)

    def warn(self, line: str) -> None:
        """Tells of something once, however often it is come across."""
        if line not in self._warned:
            self._warned.add(line)
            self.progress(f"warning: {line}")

    @cached_property
    def http(self) -> "Http":
        return later.http(offline=self.offline, stopped=self.stopped)
