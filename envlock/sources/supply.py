"""All that fetching needs, handed across by the workflow; HTTP and the index client are loaded by the first use."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envlock.model.lock import Package
from envlock.sources.places import Sources
from envlock.system.cache import Cache
from envlock.system.login import Login

if TYPE_CHECKING:
    from envlock.system.http import Http


@dataclass(frozen=True, slots=True)
class Listed:
    """A file as its index lists it; `yanked` is the reason, or "" for none given, None where it is not yanked."""

    url: str
    yanked: str | None = None


class FindWheel(Protocol):
    """As `sources.index.find_wheel`."""

    def __call__(self, http: "Http", index_url: str | None, *, name: str, file: str, sha256: str) -> Listed | None: ...


def _nobody(_package: Package, _url: str) -> Login | None:
    return None


def _silent(_line: str) -> None:
    """Nobody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """Where packages come from, where they are kept, and how they get there; `told` takes lines for a person."""

    sources: Sources
    cache: Cache
    offline: bool
    http: "Callable[[], Http]"
    find_wheel: FindWheel
    # who we are to the server of a URL that is asked for a package
    login: Callable[[Package, str], Login | None] = _nobody
    told: Callable[[str], None] = _silent
