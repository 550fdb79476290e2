"""`Packages` indexes of Debian archives, kept so that a package is found in them without reading them.

A kept index is a file of sorted lines: one a package, its fields parted by tabs, the name first; then one for each
name that is provided and the package that does. Its first line says where the latter begin, and the checksum of all
that follows. It is found again by the sha256 of the index that it was made from.
"""

import mmap
import re
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from envlock.debian.packages_file import FIELDS, entries, title
from envlock.debian.release import IndexFile
from envlock.errors import OutsideError
from envlock.model.debian_relations import items, provided
from envlock.system.cache import Cache
from envlock.system.cache_use import used
from envlock.system.parts import part_file

# what is kept has these fields: other ones are another kind
_KIND = f"debian-index-{zlib.crc32(' '.join(FIELDS).encode()):08x}"
_HEAD = re.compile(rb"([0-9]{1,19}) ([0-9a-f]{8})\n")
_HEAD_SIZE = 64  # at most
_NAME, _PROVIDES = FIELDS.index("Package"), FIELDS.index("Provides")

Entry = tuple[str, ...]


class KeptIndex:
    """An index at hand: its entries, as in `FIELDS`, by name."""

    def __init__(self, lines: mmap.mmap, start: int, middle: int) -> None:
        self._lines = lines
        self._packages = (start, middle)
        self._provided = (middle, len(lines))

    def entries(self, name: str) -> tuple[Entry, ...]:
        """Every version of a package."""
        return tuple(self._starting(self._packages, f"{name}\t"))

    def providers(self, name: str) -> tuple[str, ...]:
        """The packages of which some version provides a name, sorted."""
        return tuple(line[1] for line in self._starting(self._provided, f"{name}\t"))

    def names(self, start: str = "") -> Iterator[str]:
        """The packages whose names begin like this, sorted."""
        return (line[0] for line in self._starting(self._packages, start))

    def _starting(self, part: tuple[int, int], start: str) -> Iterator[Entry]:
        prefix = start.encode()
        place = self._first(part, prefix)
        while place < part[1]:
            end = self._lines.find(b"\n", place)
            line = self._lines[place:end]
            if not line.startswith(prefix):
                return
            yield tuple(line.decode("ascii", "replace").split("\t"))
            place = end + 1

    def _first(self, part: tuple[int, int], prefix: bytes) -> int:
        """Where the first line is that is not before the prefix: both ends always lie at the begin of a line."""
        low, high = part
        while low < high:
            middle = self._lines.rfind(b"\n", low, (low + high) // 2) + 1 or low
            end = self._lines.find(b"\n", middle)
            if self._lines[middle : middle + len(prefix)] < prefix:
                low = end + 1
            else:
                high = middle
        return low


def open_index(index: IndexFile, cache: Cache) -> KeptIndex:
    """The index as it is kept; where it is not, or was damaged, it is read first."""
    path = cache.records / _KIND / index.sha256
    found = _opened(path)
    if found:
        used(path)
        return found
    with cache.lock(f"{_KIND}-{index.sha256[:32]}"):
        found = _opened(path) or _made(path, index, aside=cache.root / "records")
    return found


def _opened(path: Path) -> KeptIndex | None:
    try:
        with path.open("rb") as file:
            lines = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError):  # not there, or empty
        return None
    head = _HEAD.match(lines[:_HEAD_SIZE])
    if not head:
        return None
    with memoryview(lines) as view:
        if _checksum(head[1], view[head.end() :]) != head[2]:
            return None
    return KeptIndex(lines, head.end(), head.end() + int(head[1]))


def _checksum(*parts: bytes | memoryview) -> bytes:
    checksum = 0
    for part in parts:
        checksum = zlib.crc32(part, checksum)
    return b"%08x" % checksum


def _made(path: Path, index: IndexFile, *, aside: Path) -> KeptIndex:
    path.parent.mkdir(parents=True, exist_ok=True)
    packages = list(entries(index))
    lines = b"".join(_lines(packages))
    more = b"".join(_lines(_provided(packages, index)))
    with part_file(aside, path) as (file, part):
        size = str(len(lines)).encode()
        file.write(size + b" " + _checksum(size, lines, more) + b"\n")
        file.write(lines)
        file.write(more)
        file.flush()
        part.replace(path)
    found = _opened(path)
    if not found:
        raise OutsideError(f"`{path}` is not what was written", hint="look at the disk that the cache is on")
    return found


def _lines(rows: Iterable[tuple[bytes, ...]]) -> list[bytes]:
    return sorted(b"\t".join(row) + b"\n" for row in rows)


def _provided(packages: Iterable[tuple[bytes, ...]], index: IndexFile) -> set[tuple[bytes, ...]]:
    found: set[tuple[bytes, ...]] = set()
    for entry in packages:
        if entry[_PROVIDES]:
            try:
                names = [provided(item)[0] for item in items(entry[_PROVIDES].decode("ascii"))]
            except ValueError as error:
                name = entry[_NAME].decode("ascii", "replace")
                raise OutsideError(f"`Provides` of `{name}` in {title(index)} cannot be read: {error}") from None
            found.update((name.encode(), entry[_NAME]) for name in names)
    return found
