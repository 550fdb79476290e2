"""The cache of the dynamic loader, /etc/ld.so.cache, byte for byte as `ldconfig` of the same C library writes it.

Left out are folders of the old kind for more capable machines (`haswell`, `tls`), which Debian's packages have no more.
"""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envlock.debian.libraries import ABIS, LibraryReader, libraries, missing_links, order
from envlock.debian.library_folders import library_folders
from envlock.debian.overlay import Overlay, file
from envlock.debian.root import Root
from envlock.model.debian_base import upstream
from envlock.model.files import SystemFile

CACHE = "etc/ld.so.cache"
MAGIC = b"glibc-ld.so.cache1.1"
LITTLE_ENDIAN = 2
HEADER, ENTRY, SECTION = "<20sIIB3xI12x", "<iIIIQ", "<IIII"
# what lies behind the names: who wrote it, and the names of capabilities
EXTENSION = 0xEAA42174
GENERATOR, CAPABILITIES = 0, 1
CAPABLE = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    soname: str
    path: str
    flags: int
    level: int = 0
    capability: str | None = None


def ld_so_cache(root: Root) -> Iterator[SystemFile]:
    if "libc6" not in root.versions or root.architecture not in ABIS:
        return
    grown, reader = Overlay(root), LibraryReader(root)
    entries: list[Entry] = []
    capabilities: set[str] = set()
    for folder in library_folders(root):
        there = libraries(grown, folder, reader)
        if folder.capability is None:
            grown.add(missing_links(grown, folder, there))
        else:
            capabilities.add(folder.capability)
        for library in there:
            name = library.soname if folder.capability is None else library.name
            path = f"{folder.written}/{name}"
            level, capability = library.level, folder.capability
            entries.append(
                Entry(soname=library.soname, path=path, flags=library.flags, level=level, capability=capability)
            )
    yield from grown.made.values()
    yield file(CACHE, cache(entries, sorted(capabilities), generator(root)))


def generator(root: Root) -> str:
    """How `ldconfig` of the root names itself."""
    version = root.versions.get("libc-bin", root.versions["libc6"])
    return f"ldconfig (Debian GLIBC {version}) stable release version {upstream(version)}"


def cache(entries: Sequence[Entry], capabilities: Sequence[str], writer: str) -> bytes:
    """The file: a header, fixed fields of each library, their names, and behind them what newer loaders read."""
    ordered = sorted(sorted(entries, key=_specific), key=lambda entry: (order(entry.soname), entry.flags), reverse=True)
    names = {*capabilities, *(entry.soname for entry in entries), *(entry.path for entry in entries)}
    start = struct.calcsize(HEADER) + len(ordered) * struct.calcsize(ENTRY)
    strings, places = _strings(names, start)
    used = sorted({entry.capability for entry in entries if entry.capability})
    fixed = b"".join(
        struct.pack(ENTRY, entry.flags, places[entry.soname], places[entry.path], 0, _capable(entry, used))
        for entry in ordered
    )
    end = start + len(strings)
    extension = -(-end // 4) * 4
    header = struct.pack(HEADER, MAGIC, len(ordered), len(strings), LITTLE_ENDIAN, extension)
    behind = _extension([places[name] for name in used], writer, extension)
    return header + fixed + strings + bytes(extension - end) + behind


def _specific(entry: Entry) -> tuple[bool, str]:
    """For a stable sort that is reversed: those of capabilities first, by name, then in the order they were found."""
    return entry.capability is None, entry.capability or ""


def _capable(entry: Entry, used: list[str]) -> int:
    if entry.capability is None:
        return 0
    return CAPABLE | entry.level << 32 | used.index(entry.capability)


def _strings(names: set[str], start: int) -> tuple[bytes, dict[str, int]]:
    """All names, each ended by a zero; one that another ends with lies within that."""
    joined, places, longer, at = bytearray(), {}, b"", start
    for reverse in sorted((name.encode()[::-1] for name in names), reverse=True):
        name = reverse[::-1]
        if longer.endswith(name):
            places[name.decode()] = at + len(longer) - len(name)
            continue
        longer, at = name, start + len(joined)
        places[name.decode()] = at
        joined += name + b"\0"
    return bytes(joined), places


def _extension(capabilities: list[int], writer: str, start: int) -> bytes:
    count = 2 if capabilities else 1
    table = start + 8 + count * struct.calcsize(SECTION)
    size = 4 * len(capabilities)
    sections = struct.pack(SECTION, GENERATOR, 0, table + size, len(writer))
    if capabilities:
        sections += struct.pack(SECTION, CAPABILITIES, 0, table, size)
    return (
        struct.pack("<II", EXTENSION, count)
        + sections
        + struct.pack(f"<{count and len(capabilities)}I", *capabilities)
        + writer.encode()
    )
