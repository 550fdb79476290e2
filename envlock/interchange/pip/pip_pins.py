"""What locks of conda's world say of a distribution: the URL, path or commit that it is from, and its index."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name

from envlock.interchange.conda.conda_pins import LATE_LOGIN
from envlock.interchange.pip import pins
from envlock.interchange.pip.pins import asked, git_source, local_path, pinned_file, query_of
from envlock.model.imported import PinnedFile, PinnedPip, Remark
from envlock.model.spec import Index
from envlock.system.secrets import redact

# as the default index, and what mirrors it, name a file by its hash
_BY_HASH = re.compile(
    r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/]+$|/packages/(?:source|(?:py|cp|pp)[0-9.py]+)/"
)
_COMMIT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")
BY_URL = "the file does not say which index these are from: they are asked for by their URLs"


class Indexes:
    """The indexes of a lock, which `listed` some by their URLs; `default` is the one that env.toml does not name."""

    def __init__(self, listed: Sequence[str], default: str) -> None:
        self._listed = [redact(url).rstrip("/") for url in listed]
        self._default = default.rstrip("/")
        self._seen = pins.Indexes(default=default)
        self._unknown: dict[str, dict[str, None]] = {}

    @property
    def all(self) -> tuple[Index, ...]:
        return self._seen.named()

    @property
    def remarks(self) -> tuple[Remark, ...]:
        lost = (Remark(what=f"{host}: {', '.join(names)}", why=BY_URL) for host, names in self._unknown.items())
        return (*self._seen.remarks, *lost)

    def of_file(self, url: str, stated: str | None, name: str) -> tuple[bool, str | None]:
        """Is the index of a distribution's file known, and which is it (None is the default one)?"""
        index = stated or self._nearest(url)
        return (True, self._seen.seen(index, name)) if index else (False, None)

    def _nearest(self, url: str) -> str | None:
        """Where the default index has its files is known by their form; others have them on their own host."""
        parts = urlsplit(url)
        if _BY_HASH.search(parts.path) and (not self._listed or self._default in self._listed):
            return self._default
        others = [index for index in self._listed if index != self._default]
        found = [index for index in others if urlsplit(index).netloc == parts.netloc]
        return next(iter(found or (others if len(self._listed) == 1 else ())), None)

    def unknown(self, url: str, name: str) -> None:
        """Notes that the index of a distribution is not known: what is on one host is said in one remark."""
        self._unknown.setdefault(urlsplit(url).netloc, {})[name] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution of a lock: `place` is a URL or path as it stands there. `direct` says that it was asked for by
    that; `index` is the URL of its index, where the lock says that."""

    name: str
    version: str
    place: str
    sha256: str | None = None
    direct: bool = False
    index: str | None = None
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] | None = None
    groups: tuple[str, ...]
    line: int | None = None


def pip_pin(found: Distribution, indexes: Indexes) -> PinnedPip:
    """As env.toml and env.lock can say it; ValueError where they cannot."""
    place = found.place.removeprefix("direct+")
    web = place.startswith(("http://", "https://"))
    clean = redact(place)
    if web and "@" in urlsplit(clean).path:
        raise ValueError(LATE_LOGIN)
    if web and not found.direct and place == found.place:
        known, index = indexes.of_file(clean, found.index, canonicalize_name(found.name))
        if known:
            name = unquote(clean.rpartition("/")[2])
            return _pinned(found, PinnedPip(name="", version="", files=(_file(name, place, found),), index=index))
        indexes.unknown(clean, found.name)
    source = _git(place) if place.startswith("git+") else clean if web else local_path(place)
    source = asked(found.name, source).partition(" @ ")[2]
    files = (_file("", None, found),) if found.sha256 and not source.startswith("git+") else ()
    return _pinned(found, PinnedPip(name="", version="", files=files, source=source))


def _file(name: str, url: str | None, found: Distribution) -> PinnedFile:
    return pinned_file(name, url, sha256=found.sha256)


def _pinned(found: Distribution, of: PinnedPip) -> PinnedPip:
    return replace(
        of,
        name=canonicalize_name(found.name),
        version=found.version,
        extras=tuple(sorted(map(canonicalize_name, found.extras))),
        requires=found.requires,
        groups=found.groups,
    )


def _git(place: str) -> str:
    """`git+URL?rev=…&subdirectory=…#COMMIT`, as pixi writes it, and `git+URL@COMMIT#subdirectory=…`."""
    parts = urlsplit(place)
    path, _, revision = parts.path.partition("@")
    if "/" in revision:
        raise ValueError(LATE_LOGIN)
    commit = parts.fragment if _COMMIT.fullmatch(parts.fragment) else revision
    if not _COMMIT.fullmatch(commit):
        raise ValueError("it is from a repository, at no commit")
    folder = query_of(place).get("subdirectory") or query_of(f"?{parts.fragment}").get("subdirectory")
    return git_source(f"{parts.scheme}://{parts.netloc}{path}", commit, folder)
