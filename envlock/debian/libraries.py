"""The libraries of a folder as `ldconfig` sees them: by soname, with the links that are missing."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from posixpath import basename

from envlock.debian.elf import Inspected, SharedObject, read_shared_object
from envlock.debian.library_folders import LibraryFolder
from envlock.debian.overlay import children, is_file, link, resolve
from envlock.debian.root import Root
from envlock.model.files import SystemFile

NAMED = re.compile(r"(lib|ld-).*\.so|ld(64)?\.so\.", re.DOTALL)
# (machine, 64 bits) -> the flags of the cache
ABIS: Mapping[str, Mapping[tuple[int, bool], int]] = {
    "amd64": {(62, True): 0x0303, (62, False): 0x0803, (3, False): 0x0003},
    "arm64": {(183, True): 0x0A03},
}
# the loader is never moved to another file, for the sake of several architectures
LOADERS = frozenset({"ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "ld-linux.so.2", "ld-linux-x32.so.2"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """`name` is the file's, `is_link` says that it is the link to be, named as the library is looked for."""

    soname: str
    name: str
    is_link: bool
    flags: int
    level: int


class LibraryReader:
    """Reads each shared object of a root once, by whichever links it is reached."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._read: dict[str, SharedObject | None] = {}

    def __call__(self, path: str) -> SharedObject | None:
        standing = self._root.files[path]
        place = standing.hardlink or path
        if place not in self._read:
            self._read[place] = self._opened(place)
        return self._read[place]

    def _opened(self, path: str) -> SharedObject | None:
        standing = self._root.files.get(path)
        if standing is None or standing.content is None:
            return None
        if isinstance(standing.content, Inspected):
            return standing.content.shared_object
        return read_shared_object(BytesIO(b"".join(standing.content.chunks())))


def libraries(root: Root, folder: LibraryFolder, reader: LibraryReader) -> tuple[Library, ...]:
    """By soname; of several files with the same one the newest counts, and files before links."""
    found: dict[str, Library] = {}
    for library in _all(root, folder, reader):
        before = found.get(library.soname)
        if before is None or _is_better(library, before):
            found[library.soname] = library
    return tuple(found[soname] for soname in sorted(found))


def missing_links(root: Root, folder: LibraryFolder, there: tuple[Library, ...]) -> Iterator[SystemFile]:
    """A link of each soname to its file, where a package does not bring one, or brings one to an older file."""
    for library in there:
        path = f"{folder.place}/{library.soname}"
        if not library.is_link and not _leads(root, path, f"{folder.place}/{library.name}"):
            yield link(path, library.name)


def order(name: str) -> tuple[tuple[int, int], ...]:
    """The order of libraries' names, oldest first: numbers in them count as numbers."""
    return tuple((1, int(part)) if part.isdigit() else (0, ord(part)) for part in re.findall(r"[0-9]+|[^0-9]", name))


def _all(root: Root, folder: LibraryFolder, reader: LibraryReader) -> Iterator[Library]:
    abis = ABIS[root.architecture]
    for child in children(root, folder.place):
        name = basename(child.path)
        if not NAMED.match(name) and (folder.capability is None or child.link is None):
            continue
        place = resolve(root, child.path)
        read = reader(place) if place and is_file(root, place) else None
        if read is None or (read.machine, read.wide) not in abis:
            continue
        soname = read.soname or name
        is_link = child.link is not None and _is_its_link(name, soname)
        soname = name if is_link else soname
        flags = abis[read.machine, read.wide]
        yield Library(soname=soname, name=name, is_link=is_link, flags=flags, level=read.level)


def _is_its_link(name: str, soname: str) -> bool:
    """Whether a link is one to be found by: the soname itself, or the `.so` that compilers look for."""
    return name == soname or (name.endswith(".so") and soname.startswith(name))


def _is_better(library: Library, before: Library) -> bool:
    if library.is_link != before.is_link:
        return before.is_link
    return order(before.name) < order(library.name)


def _leads(root: Root, path: str, library: str) -> bool:
    """Whether a soname may stay as it is: it leads to the library, or is a file, or the loader."""
    standing, lead = root.files.get(path), resolve(root, path)
    if lead is None or standing is None:
        return False
    if basename(path) in LOADERS or standing.link is None:
        return True
    return _inode(root, lead) == _inode(root, resolve(root, library) or library)


def _inode(root: Root, path: str) -> str:
    return root.files[path].hardlink or path
