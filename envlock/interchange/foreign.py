"""Files of other tools that an environment can be made from: which is which, and who reads it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envlock.model.imported import Imported


def _nothing_fetched(url: str) -> str:
    raise ValueError(f"`{url}` is on the network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or folder that is read. `text` is that of a file, decoded, with LF; "" of a folder.

    `fetch` gives the text of a URL that a file names (ValueError where that is not allowed); `platforms` are those
    that were asked for, `groups` the groups and extras: without any, those that the file means. `environment` is that
    of the process; `default_index` the address of the index that env.toml does not name.
    """

    path: Path
    text: str = ""
    platforms: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    fetch: Callable[[str], str] = field(default=_nothing_fetched, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_index: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """One kind of file: `is_one` tells it by its path and text (what it is called in a table is its name for people),
    `read` reads it, and raises ValueError, or UserInputError that names file and line, where it cannot."""

    is_one: Callable[[Path, str], bool]
    read: Callable[[Source], Imported]


# in the order in which they are asked; each reader's module has its two functions
FOREIGN: dict[str, Foreign] = {}


def foreign_of(path: Path, text: str) -> str | None:
    """What kind of file this is, by its name and text; None where nobody knows it."""
    return next((name for name, kind in FOREIGN.items() if kind.is_one(path, text)), None)
