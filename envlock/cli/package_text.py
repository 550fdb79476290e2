"""A locked package in the words of a table, and whole as JSON."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from envlock.cli.text import size
from envlock.model.changes import source
from envlock.model.lock import Package

# from how many platforms on it is shorter to name the one that is missing
_MANY = 4


def package_json(package: Package) -> dict[str, Any]:
    """Every field; `source` is where it is from in a word, whichever of the others say it exactly."""
    first = {"name": package.name, "version": package.version, "kind": package.kind, "build": package.build}
    return {**first, "source": source(package), **asdict(package)}


def sizes(counts: Iterable[int | None]) -> str:
    """A size, or the smallest and the largest: "7.8–8.1 MB"."""
    known = [count for count in counts if count is not None]
    if not known:
        return "?"
    low, high = size(min(known)), size(max(known))
    if low == high:
        return high
    (number, unit), (_, high_unit) = low.split(), high.split()
    return f"{number}–{high}" if unit == high_unit else f"{low}–{high}"


def where(platforms: Sequence[str], every: Collection[str]) -> str:
    """The platforms something is about; nothing where it is about all."""
    missing = [name for name in every if name not in platforms]
    if not missing:
        return ""
    return f"not {missing[0]}" if len(missing) == 1 and len(every) >= _MANY else ", ".join(platforms)
