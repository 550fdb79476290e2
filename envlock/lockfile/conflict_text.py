"""Two env.lock as one with conflict markers, from which each of the two can be read again, whole."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

_TABLE = re.compile(r"^(?=\[)", re.MULTILINE)
_MARKER = re.compile(r"^(?:<{7,}|\|{7,}|={7,}|>{7,})(?= |$)", re.MULTILINE)
_SIZE = 7


def conflict_text(ours: str, theirs: str) -> str:
    """Whole tables on either side of the markers: so that each can be read by itself.

    Where a text has such markers already these are longer, and only a person can tell what is what.
    """
    found = [len(marker) for text in (ours, theirs) for marker in _MARKER.findall(text)]
    size = max((_SIZE, *(length + 1 for length in found)))
    return "".join(_hunks(_tables(ours), _tables(theirs), size))


def _hunks(ours: Sequence[str], theirs: Sequence[str], size: int) -> Iterator[str]:
    at, from_ = 0, 0
    for end, to in _common(ours, theirs):
        one, other = "".join(ours[at:end]), "".join(theirs[from_:to])
        if one or other:
            yield f"{'<' * size} ours\n{one}{'=' * size}\n{other}{'>' * size} theirs\n"
        yield from ours[end : end + 1]
        at, from_ = end + 1, to + 1


def _common(ours: Sequence[str], theirs: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Where the tables are that both have, in order, and the ends. Locks are sorted, so whatever comes next in both
    does; and it takes no longer for large ones that are not."""
    places = {table: place for place, table in enumerate(_numbered(theirs))}
    last = -1
    for place, table in enumerate(_numbered(ours)):
        other = places.get(table, -1)
        if other > last:
            yield place, other
            last = other
    yield len(ours), len(theirs)


def _numbered(tables: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Each with how many like it there are before."""
    seen: Counter[str] = Counter()
    for table in tables:
        yield table, seen[table]
        seen[table] += 1


def _tables(text: str) -> list[str]:
    """The tables, each with its header and ending in a line end."""
    return [part if part.endswith("\n") else f"{part}\n" for part in _TABLE.split(text) if part]
