"""What is exported: a lock cut to what was asked for, and what no lock holds: where its packages are."""

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from envlock.model.lock import CondaPackage, Lock, PipPackage, PlatformLock, PrefixPackage
from envlock.model.spec import python_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a writer of a format is given.

    `platforms` hold the wanted packages alone, sorted by name; `urls` and `md5` are those that the format needs;
    `channels` (by the manifest's name) and `indexes` (in order, the default one first) are URLs; `folder` is
    env.toml's, seen from where the file will be. `snapshot` is the archive that env.toml names for Debian's packages,
    `snapshots` each suite with its place there as it was locked. No URL holds a secret.
    """

    name: str
    lock: Lock
    platforms: tuple[PlatformLock, ...]
    groups: tuple[str, ...] = ()
    urls: Mapping[PrefixPackage, str] = field(default_factory=dict)
    md5: Mapping[CondaPackage, str] = field(default_factory=dict)
    channels: Mapping[str, str] = field(default_factory=dict)
    indexes: Mapping[str, str] = field(default_factory=dict)
    default_index: str = ""
    folder: str = "."
    snapshot: str | None = None
    snapshots: tuple[tuple[str, str], ...] = ()

    @property
    def whole(self) -> tuple[PlatformLock, ...]:
        """The platforms as they are locked, with all packages."""
        names = {locked.platform for locked in self.platforms}
        return tuple(locked for locked in self.lock.platforms if locked.platform in names)

    @property
    def channel_names(self) -> tuple[str, ...]:
        """The channels as conda's tools are told them: by name where they have one, else by URL."""
        return tuple(self.channel_name(name) for name in self.lock.inputs.channels)

    def channel_name(self, name: str) -> str:
        """A channel by its name where it has one that conda's tools know, else by its URL."""
        url = self.channels.get(name, name)
        return name if "://" not in name and not url.startswith("file:") else url

    @property
    def index_urls(self) -> tuple[str, ...]:
        """The indexes that packages are from, the default one first."""
        used = {package.index for locked in self.platforms for package in locked.pip}
        return tuple(url for name, url in self.indexes.items() if name in used)

    @property
    def own_default_index(self) -> str | None:
        """The URL of the default index where env.toml names one: without it, tools would ask the one that they know."""
        named = {index.name for index in self.lock.inputs.indexes if index.url}
        return self.indexes[self.default_index] if self.default_index in named else None

    @property
    def pythons(self) -> tuple[str, ...]:
        """The minor versions of Python that the platforms have, sorted: one, as a rule."""
        return tuple(sorted({python_minor(locked.python) for locked in self.whole if locked.python}))

    def local(self, path: str) -> str:
        """A path relative to env.toml, as it is written in the file: `./wheels/a.whl`."""
        joined = posixpath.normpath(posixpath.join(self.folder, path))
        return joined if joined.startswith(("../", "/")) or joined == ".." else f"./{joined}"


def git_url(package: PipPackage) -> str:
    """The repository of a package from git: what env.toml gives, `git+https://…@REV`, without the ends."""
    parts = urlsplit((package.git or "").removeprefix("git+"))
    return urlunsplit((parts.scheme, parts.netloc, parts.path.rpartition("@")[0] or parts.path, "", ""))


def git_requirement(package: PipPackage) -> str:
    """A package from git, by its commit, as pip takes it after `NAME @`."""
    inside = f"#subdirectory={package.subdirectory}" if package.subdirectory else ""
    return f"git+{git_url(package)}@{package.commit}{inside}"
