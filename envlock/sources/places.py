"""Where channels and indexes are: names of env.toml to URLs."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from envlock.errors import OutsideError
from envlock.model.spec import CONDA_ALIAS, DEFAULT_INDEX, Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Channel URLs by the manifest's name of a channel; index URLs likewise, None for the libraries' default."""

    channels: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str | None] = field(default_factory=dict)

    @classmethod
    def of(cls, channels: tuple[str, ...], indexes: tuple[Index, ...], folder: Path) -> "Sources":
        """Those of a manifest in `folder`, from which relative paths go."""
        return cls(
            channels={name: channel_url(name, folder) for name in channels},
            indexes={DEFAULT_INDEX: None, **{index.name: index.url for index in indexes}},
        )

    def conda_url(self, channel: str, subdir: str, file: str) -> str:
        if channel not in self.channels:
            raise OutsideError(f"`{file}` is locked from `{channel}`, which is no channel of env.toml")
        return f"{self.channels[channel]}/{subdir}/{quote(file)}"


def channel_url(name: str, folder: Path) -> str:
    """A channel as the manifest writes it (name, URL, or path) as a URL without trailing slash."""
    if "://" in name:
        return name.rstrip("/")
    if name.startswith(("/", "./", "../")) or name in (".", ".."):
        return (folder / name).resolve().as_uri()
    return f"{CONDA_ALIAS}/{name}"
