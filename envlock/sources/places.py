"""Where channels and indexes are: names of env.toml to URLs, and to the mirrors that stand in their place here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import quote

from envlock.errors import OutsideError
from envlock.model.spec import CONDA_ALIAS, DEFAULT_INDEX, Index
from envlock.sources.debian_archives import DebianArchives


def _none(_name: str) -> str | None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Channel URLs by the manifest's name of a channel; index URLs likewise, None for the libraries' default.

    `mirrors` are by either name, without logins. `folder` is that of the manifest, from which relative paths go;
    `debian` is where Debian's packages are.
    """

    channels: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str | None] = field(default_factory=dict)
    mirrors: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    debian: DebianArchives | None = None

    @classmethod
    def of(
        cls,
        channels: tuple[str, ...],
        indexes: tuple[Index, ...],
        folder: Path,
        mirror: Callable[[str], str | None] = _none,
    ) -> "Sources":
        """Those of a manifest in `folder`; `mirror` gives the address of a mirror by name."""
        named = {DEFAULT_INDEX: None, **{index.name: index.url for index in indexes}}
        found = {name: mirror(name) for name in (*channels, *named)}
        return cls(
            channels={name: channel_url(name, folder) for name in channels},
            indexes=named,
            mirrors={name: url for name, url in found.items() if url},
            folder=folder,
        )

    def asked_channel(self, name: str) -> str:
        """Where a channel is asked for when it is solved: its mirror, where it has one."""
        return self.mirrors.get(name) or self.channels[name]

    def asked_indexes(self, indexes: tuple[Index, ...]) -> tuple[Index, ...]:
        """Indexes as a solver is to ask them: with the addresses of their mirrors."""
        asked = tuple(replace(index, url=self.mirrors.get(index.name, index.url)) for index in indexes)
        usual = self.mirrors.get(DEFAULT_INDEX)
        if usual and not any(index.default or index.name == DEFAULT_INDEX for index in indexes):
            asked += (Index(name=DEFAULT_INDEX, url=usual, default=True),)
        return asked

    def channel(self, name: str, file: str) -> str:
        """The own address of the channel that a file is from; OutsideError where env.toml knows no such channel."""
        if name not in self.channels:
            raise OutsideError(f"`{file}` is locked from `{name}`, which is no channel of env.toml")
        return self.channels[name]

    def index(self, name: str, file: str) -> str | None:
        """The same of an index."""
        if name not in self.indexes:
            raise OutsideError(f"`{file}` is locked from `{name}`, which is no index of env.toml")
        return self.indexes[name]

    def conda_url(self, channel: str, subdir: str, file: str) -> str:
        """Where a file usually is in its channel."""
        return file_url(self.channel(channel, file), subdir, file)


def file_url(channel_url: str, subdir: str, file: str) -> str:
    return f"{channel_url}/{subdir}/{quote(file)}"


def channel_url(name: str, folder: Path) -> str:
    """A channel as the manifest writes it (name, URL, or path) as a URL without trailing slash."""
    if "://" in name:
        return name.rstrip("/")
    if name.startswith(("/", "./", "../")) or name in (".", ".."):
        return (folder / name).resolve().as_uri()
    return f"{CONDA_ALIAS}/{name}"
