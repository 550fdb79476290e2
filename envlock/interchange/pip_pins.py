"""What locks of conda's world say of a distribution: the URL, path or commit that it is from, and its index."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit

from packaging.utils import canonicalize_name

from envlock.interchange.direct import as_path
from envlock.interchange.pip_requirement import normalized_requirement
from envlock.model.imported import PinnedFile, PinnedPip, Remark
from envlock.model.spec import DEFAULT_INDEX, Index
from envlock.system.secrets import redact

# as the default index, and what mirrors it, name a file by its hash
_BY_HASH = re.compile(
    r"/packages/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{60}/[^/]+$|/packages/(?:source|(?:py|cp|pp)[0-9.py]+)/"
)
_LOGIN = "its credentials are taken out: keep them in netrc or in ENVLOCK_INDEX_NAME_USERNAME and _PASSWORD"
_NO_INDEX = "the file does not say which index these are from: they are asked for by their URLs"


@dataclass(slots=True)
class Indexes:
    """The indexes of a lock, by URL, in their order; `default` is the address of the one that env.toml never names."""

    default: str
    _remarks: list[Remark] = field(default_factory=list)
    _unknown: dict[str, dict[str, None]] = field(default_factory=dict)
    _names: dict[str, Index] = field(default_factory=dict)

    @classmethod
    def of(cls, urls: Sequence[str], default: str) -> "Indexes":
        """Of those that a lock names, the first one is the default one, as long as the usual one is not among them."""
        found = cls(default=default)
        usual = {found.known(url) for url in urls}
        for number, url in enumerate(urls):
            found.add(url, default=number == 0 and None not in usual)
        return found

    @property
    def all(self) -> tuple[Index, ...]:
        return tuple(self._names.values())

    def known(self, url: str) -> str | None:
        """An index by its clean URL; None for the default one."""
        clean = redact(url).rstrip("/")
        return None if clean == self.default.rstrip("/") else clean

    def add(self, url: str, *, default: bool = False) -> str | None:
        clean = self.known(url)
        if clean is None or clean in self._names:
            return clean
        if clean != url.partition("#")[0].rstrip("/"):
            self._remarks.append(Remark(what=clean, why=_LOGIN))
        taken = {DEFAULT_INDEX, *(index.name for index in self._names.values())}
        self._names[clean] = Index(name=_name(clean, taken), url=clean, default=default)
        return clean

    def of_file(self, url: str) -> tuple[bool, str | None]:
        """Is a file's index known, and which is it?"""
        if _BY_HASH.search(urlsplit(url).path) and (not self._names or self._usual):
            return True, None
        host = urlsplit(url).netloc
        nearest = [index.url for index in self._names.values() if urlsplit(index.url or "").netloc == host]
        if not nearest and len(self._names) == 1 and not self._usual:
            nearest = [*self._names]
        return bool(nearest), nearest[0] if nearest else None

    def unknown(self, url: str, name: str) -> None:
        """Notes that the index of a distribution is not known: what is on one host is said in one remark."""
        self._unknown.setdefault(urlsplit(url).netloc, {})[name] = None

    @property
    def remarks(self) -> tuple[Remark, ...]:
        lost = (Remark(what=f"{host}: {', '.join(names)}", why=_NO_INDEX) for host, names in self._unknown.items())
        return (*self._remarks, *lost)

    @property
    def _usual(self) -> bool:
        return not any(index.default for index in self._names.values())


def _name(url: str, taken: Iterable[str]) -> str:
    host = re.sub("[^a-z0-9]+", "-", (urlsplit(url).hostname or "index").lower()).strip("-")
    return next(name for name in (host, *(f"{host}-{number}" for number in range(2, 10_000))) if name not in taken)


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
    clean = redact(place) if web else place
    if web and not found.direct and place == found.place:
        known, index = (True, indexes.add(found.index)) if found.index else indexes.of_file(clean)
        if known:
            file = PinnedFile(name=unquote(clean.rpartition("/")[2]), url=_if_public(clean), sha256=found.sha256)
            return _pinned(found, files=(file,), index=index)
        indexes.unknown(clean, found.name)
    source = _checked(found.name, _git(place) if place.startswith("git+") else clean if web else _path(place))
    files = (PinnedFile(sha256=found.sha256),) if found.sha256 and not source.startswith("git+") else ()
    return _pinned(found, files=files, source=source)


def _pinned(
    found: Distribution, *, files: tuple[PinnedFile, ...], index: str | None = None, source: str | None = None
) -> PinnedPip:
    return PinnedPip(
        name=canonicalize_name(found.name),
        version=found.version,
        files=files,
        index=index,
        source=source,
        extras=tuple(sorted(map(canonicalize_name, found.extras))),
        requires=None if found.requires is None else tuple(found.requires),
        groups=found.groups,
    )


def _if_public(url: str) -> str | None:
    return None if "***" in url else url


def _path(place: str) -> str:
    if place.startswith(("file:", "/")):
        raise ValueError("a file of one machine: put it into the repository, and name it by its path there")
    return as_path(place)


def _git(place: str) -> str:
    """`git+URL?rev=…&subdirectory=…#COMMIT`, as pixi writes it, and `git+URL@COMMIT#subdirectory=…`."""
    parts = urlsplit(place)
    asked, inside = parse_qs(parts.query), parse_qs(parts.fragment)
    host = parts.netloc.rpartition("@")[2] if parts.scheme != "git+ssh" else parts.netloc
    path, commit = parts.path, re.fullmatch("[0-9a-f]{40}|[0-9a-f]{64}", parts.fragment)
    if commit:
        path = f"{path.rpartition('@')[0] or path}@{commit[0]}"
    if not re.search("@(?:[0-9a-f]{40}|[0-9a-f]{64})$", path):
        raise ValueError("it is from a repository, at no commit")
    folder = (asked.get("subdirectory") or inside.get("subdirectory") or [""])[0]
    return f"{parts.scheme}://{host}{path}" + (f"#subdirectory={folder}" if folder else "")


def _checked(name: str, source: str) -> str:
    """The source as a requirement has it, which the manifest's reader takes."""
    return normalized_requirement(f"{name} @ {source}").partition(" @ ")[2]
