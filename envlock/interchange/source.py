"""What a reader of other tools' files is given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path


def _nothing_fetched(url: str) -> str:
    raise ValueError(f"`{url}` is on the network")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A file or folder that is read. `text` is that of a file, decoded, with LF; "" of a folder.

    `fetch` gives the text of a URL that a file names (ValueError where that is not allowed); `platforms` are those
    that were asked for, `groups` the groups and extras: without any, those that the file means. `environment` is that
    of the process; `default_index` the address of the index that env.toml does not name; `into` the folder where
    env.toml is to be written.
    """

    path: Path
    text: str = ""
    platforms: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    fetch: Callable[[str], str] = field(default=_nothing_fetched, repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    default_index: str = ""
    into: Path | None = None
