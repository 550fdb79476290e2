"""Where `ldconfig` looks for libraries: what /etc/ld.so.conf names and includes, then what the loader always knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join

from envlock.debian.overlay import children, is_folder, read, resolve
from envlock.debian.root import Root

CONFIGURATION = "/etc/ld.so.conf"
TRIPLETS = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
BUILT_IN = ("/lib/{triplet}", "/usr/lib/{triplet}", "/lib", "/usr/lib")
# folders below a library folder, for machines that can do more
CAPABLE = "glibc-hwcaps"


@dataclass(frozen=True, slots=True, kw_only=True)
class LibraryFolder:
    """`written` is its path as it will stand in the cache, `place` the one in the root; `capability` "x86-64-v3"."""

    written: str
    place: str
    capability: str | None = None


def library_folders(root: Root) -> Iterator[LibraryFolder]:
    """Each folder once, under the first of its names."""
    known: set[str] = set()
    built_in = (folder.format(triplet=TRIPLETS[root.architecture]) for folder in BUILT_IN)
    for written in (*_configured(root, CONFIGURATION, set()), *built_in):
        place = resolve(root, written)
        if not place or place in known or not is_folder(root, place):
            continue
        known.add(place)
        yield LibraryFolder(written=written, place=place)
        for inner in _capable(root, written, place):
            if inner.place not in known:
                known.add(inner.place)
                yield inner


def _capable(root: Root, written: str, place: str) -> Iterator[LibraryFolder]:
    for child in children(root, resolve(root, f"{place}/{CAPABLE}") or f"{place}/{CAPABLE}"):
        name = basename(child.path)
        inner = resolve(root, child.path)
        if inner and is_folder(root, inner) and not name.startswith(".") and ":" not in name:
            yield LibraryFolder(written=f"{written}/{CAPABLE}/{name}", place=inner, capability=name)


def _configured(root: Root, path: str, seen: set[str]) -> Iterator[str]:
    if path in seen:
        return
    seen.add(path)
    for raw in (read(root, path) or b"").decode("utf-8", "replace").splitlines():
        line = raw.partition("#")[0].strip()
        word, *patterns = line.split() or [""]
        if word == "include":
            for pattern in patterns:
                for included in _matching(root, join(dirname(path), pattern)):
                    yield from _configured(root, included, seen)
        elif word.lower() != "hwcap" and line.rstrip("/"):
            yield line.rstrip("/")


def _matching(root: Root, pattern: str) -> Iterator[str]:
    """The files that a pattern of names in one folder means, sorted."""
    for child in children(root, resolve(root, dirname(pattern)) or ""):
        name = basename(child.path)
        if fnmatchcase(name, basename(pattern)) and name.startswith(".") <= basename(pattern).startswith("."):
            yield f"{dirname(pattern)}/{name}"
