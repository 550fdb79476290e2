"""Two env.lock as one with conflict markers, from which each of the two can be read again, whole."""

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

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
    # not by its heuristics for large texts, which take frequent lines for noise
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    for tag, begin, end, from_, to in matcher.get_opcodes():
        one, other = "".join(ours[begin:end]), "".join(theirs[from_:to])
        if tag == "equal":
            yield one
        else:
            yield f"{'<' * size} ours\n{one}{'=' * size}\n{other}{'>' * size} theirs\n"


def _tables(text: str) -> list[str]:
    """The tables, each with its header and ending in a line end."""
    return [part if part.endswith("\n") else f"{part}\n" for part in _TABLE.split(text) if part]
