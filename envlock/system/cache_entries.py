"""What lies in a cache: entries that can go one by one, each of a kind, and when each was used last.

Only what has a name as envlock gives them is an entry: the folder may be one that somebody keeps other things in.

An entry that others lead to was used when they were: a blob when a record or a manifest that names it was, what was
unpacked of a package when the package was.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from envlock.system.cache import Cache
from envlock.system.parts import PREFIX

_DIGEST = re.compile(rb"sha256:([0-9a-f]{64})")
_MOST_READ = 256 << 10  # bytes of a record or manifest that may name blobs
_INDEX = "debian-index-"
_ASIDE = re.compile(rf"{re.escape(PREFIX)}.+|\.part-(?:[0-9a-f]{{64}}|[a-z0-9_]{{8}})")
_KEY = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")  # of a content, or a commit
_CONDA = re.compile(r"[^.].*-.+-[^-]+|\.cache\.lock")
_SOLVER = re.compile("uv|repodata|conda-lock|mamba")
_FORMS = re.compile(r"\d{1,3}")
_LOCK = re.compile(r"[a-z]+-.+\.lock")
# where work is half done, or what is cleaned away lies while it is removed
_FOLDERS = (
    *(".", "stages", "downloads", "records", "image", "image/blobs/sha256", "prefixes", "sources", "packages"),
    *("conda-packages", "solvers", "locks", "versions", "repositories"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A file or folder that goes as a whole; `used` is seconds since 1970."""

    kind: str
    path: Path
    used: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What is said of a kind, and its entries."""

    holds: str
    entries: Callable[[Cache], Iterator[tuple[Path, float]]]


def entries(cache: Cache, kinds: Mapping[str, Kind]) -> Iterator[Entry]:
    """The entries of these kinds."""
    for name, kind in kinds.items():
        yield from (Entry(kind=name, path=path, used=used) for path, used in kind.entries(cache))


def size_of(path: Path) -> int:
    """The bytes of a file, or of all files in a folder."""
    return sum(status.st_size for status in _files(path))


def _files(path: Path) -> Iterator[os.stat_result]:
    """Of every file in it, each once however many names it has; what goes meanwhile is passed over."""
    seen: set[tuple[int, int]] = set()
    for each in _below(path):
        with suppress(OSError):
            status = os.lstat(each)
            if status.st_nlink > 1:
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
            yield status


def _below(path: Path) -> Iterator[str]:
    if not path.is_dir() or path.is_symlink():
        yield str(path)
        return
    for folder, _, names in os.walk(path):
        yield from (f"{folder}/{name}" for name in names)


def _children(folder: Path, shape: re.Pattern[str] | None = None) -> Iterator[Path]:
    """What lies in a folder, without what somebody is at work on or has left; with `shape` only what is named so."""
    with suppress(OSError):
        for path in folder.iterdir():
            if shape.fullmatch(path.name) if shape else not _ASIDE.fullmatch(path.name):
                yield path


def _newest(path: Path) -> float:
    """When an entry or, of a folder, something right in it was written or marked as used."""
    return max((_time(each) for each in (path, *_children(path))), default=0.0)


def _time(path: Path) -> float:
    try:
        return path.lstat().st_mtime
    except OSError:
        return 0.0


def _in(folder: str, shape: re.Pattern[str] = _KEY) -> Callable[[Cache], Iterator[tuple[Path, float]]]:
    def found(cache: Cache) -> Iterator[tuple[Path, float]]:
        yield from ((path, _newest(path)) for path in _children(cache.root / folder, shape))

    return found


def _unpacked(cache: Cache) -> Iterator[tuple[Path, float]]:
    """Of a package by its name, which begins with that of the file."""
    packages = {
        file.name.removesuffix(".conda").removesuffix(".tar.bz2"): used
        for path, used in _in("packages")(cache)
        for file in _children(path)
    }
    for path, used in _in("conda-packages", _CONDA)(cache):
        yield path, max((used, *(at for stem, at in packages.items() if path.name.startswith(stem))))


def _solvers(cache: Cache) -> Iterator[tuple[Path, float]]:
    """Other programs keep these, each as it likes: what lies deep inside tells when they were used."""
    for path in _children(cache.solver_cache, _SOLVER):
        yield path, max((status.st_mtime for status in _files(path)), default=_time(path))


def _records(cache: Cache) -> Iterator[tuple[Path, float]]:
    """One by one; records of other forms, which other versions of envlock read, all together."""
    _, records = _named(cache)
    for folder in _children(cache.root / "records", _FORMS):
        if folder != cache.records:
            yield folder, max((status.st_mtime for status in _files(folder)), default=_time(folder))
            continue
        for kind in _children(folder):
            if not kind.name.startswith(_INDEX):
                yield from ((path, max(_time(path), records.get(path, 0.0))) for path in _children(kind))


def _indexes(cache: Cache) -> Iterator[tuple[Path, float]]:
    for kind in _children(cache.records):
        if kind.name.startswith(_INDEX):
            yield from ((path, _time(path)) for path in _children(kind))


def _blobs(cache: Cache) -> Iterator[tuple[Path, float]]:
    blobs, _ = _named(cache)
    for path in _children(cache.image_layout / "blobs" / "sha256", _KEY):
        yield path, max(_time(path), blobs.get(path.name, 0.0))


def _named(cache: Cache) -> tuple[dict[str, float], dict[Path, float]]:
    """When blobs were used, by what names them, and the records that name blobs, by these."""
    naming: dict[Path, set[str]] = {}
    for kind in _children(cache.records):
        for path in _children(kind) if not kind.name.startswith(_INDEX) else ():
            naming[path] = _digests_in(path)
    used: dict[str, float] = {}
    for path, digests in naming.items():
        for digest in digests:
            _use(digest, _time(path), cache, used)
    for path in _children(cache.image_layout / "blobs" / "sha256", _KEY):
        _use(path.name, _time(path), cache, used)  # a base's manifest is marked itself
    return used, {path: max(used[d] for d in digests) for path, digests in naming.items() if digests}


def _use(digest: str, at: float, cache: Cache, used: dict[str, float]) -> None:
    """A blob was used then, and what it names: a manifest its layers."""
    if used.get(digest, -1.0) >= at:
        return
    used[digest] = at
    for inside in _digests_in(cache.image_layout / "blobs" / "sha256" / digest, start=b"{"):
        _use(inside, at, cache, used)


def _digests_in(path: Path, start: bytes = b"") -> set[str]:
    """The digests that a small file names; a layer of that size does not begin with `start`."""
    with suppress(OSError):
        if path.stat().st_size <= _MOST_READ:
            data = path.read_bytes()
            return {digest.decode() for digest in _DIGEST.findall(data)} if data.startswith(start) else set()
    return set()


def _left(cache: Cache) -> Iterator[tuple[Path, float]]:
    """What killed processes left behind, and locks that nobody holds."""
    kept = (folder for form in _children(cache.root / "records", _FORMS) for folder in _children(form))
    for folder in (*(cache.root / name for name in _FOLDERS), *kept):
        with suppress(OSError):
            for path in folder.iterdir():
                if _ASIDE.fullmatch(path.name):
                    yield path, _newest(path)
    yield from ((path, _time(path)) for path in _children(cache.root / "locks", _LOCK))


KINDS = {
    "packages": Kind(holds="packages as they were downloaded", entries=_in("packages")),
    "unpacked": Kind(holds="conda packages, unpacked", entries=_unpacked),
    "layers": Kind(holds="layers and manifests of images, and of bases", entries=_blobs),
    "prefixes": Kind(holds="environments on this machine", entries=_in("prefixes")),
    "sources": Kind(holds="projects, sdists and checkouts that wheels are built from", entries=_in("sources")),
    "versions": Kind(holds="files of environments as they were at some commit", entries=_in("versions")),
    "repositories": Kind(holds="what was fetched of repositories of others", entries=_in("repositories")),
    "solvers": Kind(holds="what uv and conda's solvers know of indexes and channels", entries=_solvers),
    "indexes": Kind(holds="indexes of Debian archives", entries=_indexes),
    "records": Kind(holds="what was read of packages, and verdicts", entries=_records),
    "leftovers": Kind(holds="what interrupted commands left, and locks", entries=_left),
}
