"""What locks of conda's world have in common: packages by their URLs, channels, platforms that can be locked for."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from envlock.interchange.conda.conda_spec import CHANNEL_NAME
from envlock.interchange.conda.package_address import address_of, channel_named
from envlock.interchange.pip.direct import as_path
from envlock.interchange.source import Source
from envlock.model.imported import Pinned, PinnedConda, Remark
from envlock.model.platform import PLATFORMS
from envlock.system.files import repository_root
from envlock.system.secrets import redact

_FILE = re.compile(
    r"(?P<name>[A-Za-z0-9_][A-Za-z0-9_.+-]*)-(?P<version>[A-Za-z0-9_.+!]+)-(?P<build>[A-Za-z0-9_.+]+)"
    r"(?:\.conda|\.tar\.bz2)"
)
_TOKEN = re.compile(r"/t/(?:\*\*\*|\$\{?\w+\}?)(?=/|$)")
_MD5, _SHA256 = re.compile("[0-9a-f]{32}"), re.compile("[0-9a-f]{64}")
_LOGIN = "its credentials are taken out: keep them in netrc or in the file that RATTLER_AUTH_FILE names"
LATE_LOGIN = "an `@` behind the host could be the end of a login: write it as `%40`"
_UNHASHED = "without a hash: the files that are there by these names now are locked"
# conda's own names for channels of its settings
_SETTINGS = {
    "defaults": "`defaults` stands for channels of conda's own settings: those of the packages are named",
    "nodefaults": "",
}


class NoPackage(ValueError):
    """This is no package of a channel."""


@dataclass(slots=True)
class Channels:
    """The channels of a lock in `folder`, in their order, as env.toml is to name them; `remarks` on them."""

    folder: Path
    listed: dict[str, None] = field(default_factory=dict)
    used: dict[str, None] = field(default_factory=dict)
    remarks: list[Remark] = field(default_factory=list)

    def add(self, text: str, line: int | None = None) -> None:
        """A channel as a lock lists it: a name, a URL, a path."""
        if text in _SETTINGS:
            if why := _SETTINGS[text]:
                self.remarks.append(Remark(what=text, why=why, line=line))
            return
        clean = _TOKEN.sub("", redact(text)).rstrip("/")
        if clean != text.rstrip("/"):
            self._say(Remark(what=clean, why=_LOGIN, line=line))
        if "://" not in clean and not clean.startswith(("/", ".")) and not re.fullmatch(CHANNEL_NAME, clean):
            raise ValueError(f"`{clean}` is no name of a channel")
        self.listed[self._named(clean)] = None

    def package(self, url: str, *, line: int | None = None, channel: str = "") -> PinnedConda:
        """What a package's URL says of it, below its channel's, or below the `channel` that the lock names for it.

        NoPackage says why it is none that a channel has.
        """
        address = address_of(url, "", "")
        if not address.subdir and (found := re.search(r"/(noarch|[a-z]+-[a-z0-9_]+)/[^/]+$", address.url or "")):
            address = address_of(f"{address.url}", "", found[1])
        parts = _FILE.fullmatch(address.file)
        if not parts:
            raise NoPackage(f"`{address.file}` is no conda package")
        if parts["name"].startswith("__"):
            raise NoPackage("a virtual package: it stands for a part of the system")
        top = _top(address.url or "")
        if top is None:
            raise NoPackage(
                "a file that lies in no channel: put it into one, which `rattler-index` or `conda index` makes"
            )
        if address.cleaned:
            self._say(Remark(what=top, why=_LOGIN, line=line))
        named = self._named(_TOKEN.sub("", redact(channel)) if channel else top)
        self.used[named] = None
        return PinnedConda(
            name=parts["name"].lower(),
            version=parts["version"],
            build=parts["build"],
            subdir=(address.url or "").rpartition("/")[0].rpartition("/")[2],
            file=address.file,
            channel=named,
            url=address.url,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """As they are listed, then what else packages are from. A name that no package is found below stands for the
        channel that is called so elsewhere: conda's settings can say so."""
        elsewhere = {url.rpartition("/")[2]: url for url in self.used if url not in self.listed and "://" in url}
        found = (elsewhere.get(name, name) if name not in self.used else name for name in self.listed)
        return tuple(dict.fromkeys((*found, *self.used)))

    def _say(self, remark: Remark) -> None:
        if all(known.what != remark.what for known in self.remarks):
            self.remarks.append(remark)

    def _named(self, text: str) -> str:
        """By name below conda's alias; by its path inside the repository."""
        path = unquote(urlsplit(text).path) if text.startswith("file:") else text
        if "@" in text.partition("://")[2]:
            raise ValueError(LATE_LOGIN)
        if "://" in text and not text.startswith("file:"):
            return channel_named(text)
        if not path.startswith(("/", "./", "../")):
            return text
        folder = self.folder.resolve()
        here = Path(os.path.realpath(folder / path))
        if here.is_relative_to(repository_root(folder) or folder):
            return as_path(os.path.relpath(here, folder))
        self._say(Remark(what=here.as_uri(), why="a channel of this machine: other machines do not have it"))
        return here.as_uri()


def _top(url: str) -> str | None:
    """The URL of the channel that a package is in; None where it lies in none."""
    top, _, subdir = url.rpartition("/")[0].rpartition("/")
    return top if top.rpartition("://")[2].strip("/") and re.fullmatch(r"noarch|[a-z]+-[a-z0-9_]+", subdir) else None


def file_url(text: str, folder: Path) -> str:
    """A package's URL; conda and pixi take paths, too."""
    if "://" in text:
        return text
    try:
        path = Path(text).expanduser()
    except RuntimeError:
        raise NoPackage("in the home folder of somebody who is not known here") from None
    return Path(os.path.realpath(folder / path)).as_uri()


def unhashed(pinned: Sequence[Pinned]) -> Iterator[Remark]:
    """Of packages that any file of their name would do for, as the lock has no hash of them."""
    conda = {(p.channel, p.subdir, p.file) for each in pinned for p in each.conda if not (p.sha256 or p.md5)}
    pip = {p for each in pinned for p in each.pip if not any(file.sha256 for file in p.files)}
    named = {(p.name, p.version) for p in pip if p.source is None or p.source.startswith(("https:", "http:"))}
    if count := len(conda) + len(named):
        yield Remark(what="1 package" if count == 1 else f"{count} packages", why=_UNHASHED)


def md5_of(text: str | None) -> str | None:
    return _hash(text, _MD5, "an MD5")


def sha256_of(text: str | None) -> str | None:
    return _hash(text, _SHA256, "a sha256")


def _hash(text: str | None, form: re.Pattern[str], what: str) -> str | None:
    if text and not form.fullmatch(text.lower()):
        # behind a `#` may be the end of a password
        raise ValueError(f"`{text}` is not {what}" if text.isalnum() else f"what stands for its hash is not {what}")
    return text.lower() if text else None


def chosen_platforms(found: Iterable[str], source: Source) -> tuple[tuple[str, ...], tuple[Remark, ...]]:
    """The platforms of a lock that were asked for, all without that; what is left out since nobody can lock for it.

    ValueError where that leaves none.
    """
    every = list(dict.fromkeys(found))
    for name in source.platforms:
        if name not in every:
            raise ValueError(f"it has nothing for `{name}`, only for {_listed(every)}")
    unknown = [name for name in every if name not in PLATFORMS]
    known = tuple(name for name in every if name in PLATFORMS and name in (source.platforms or every))
    if not known:
        raise ValueError(f"it is for {_listed(every)}, and envlock locks for {_listed(PLATFORMS)}")
    return known, tuple(_no_platform(name) for name in unknown)


def _no_platform(name: str) -> Remark:
    return Remark(what=name, why=f"a platform that envlock does not lock for: these are {_listed(PLATFORMS)}")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no platform"


def refuse_twice(packages: Iterable[PinnedConda], platform: str) -> None:
    """ValueError for two packages of one name, which no prefix can hold."""
    seen: dict[str, PinnedConda] = {}
    for package in packages:
        other = seen.setdefault(package.name, package)
        if other is not package:
            raise ValueError(f"`{package.name}` stands there twice for {platform}: `{other.file}`, `{package.file}`")


def refuse_other(found: PinnedConda, name: str | None, version: str | None, build: str | None) -> None:
    """ValueError where a lock says another thing of a package than the URL does; None is what it does not say."""
    told = (name or found.name, version or found.version, build or found.build)
    if told != (found.name, found.version, found.build):
        raise ValueError(f"`{' '.join(told)}` has the URL of `{found.name} {found.version} {found.build}`")


def for_subdirs(packages: Iterable[PinnedConda], platform: str) -> Iterator[PinnedConda]:
    """The packages; ValueError for one that is of another platform."""
    for package in packages:
        if package.subdir not in (platform, "noarch"):
            raise ValueError(f"`{package.file}` is of {package.subdir}, not of {platform}")
        yield package
