"""A place where a package may be."""

from collections.abc import Callable
from dataclasses import dataclass

from envlock.system.secrets import redact


@dataclass(frozen=True, slots=True)
class Place:
    """One place: `shown` to people, and by `find` the URL of the file there, None where it is not there.

    `distant` ones need a connection to be asked; `remembered` ones are forgotten when they are no good; what is wrong
    with `saved` ones is told also where another place is better.
    """

    shown: str
    find: Callable[[], str | None]
    distant: bool = True
    remembered: bool = False
    saved: bool = False


def at(url: str, *, remembered: bool = False) -> Place:
    """The place that a URL is by itself."""
    return Place(redact(url), lambda: url, distant=not url.startswith("file:"), remembered=remembered)
