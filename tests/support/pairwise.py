"""Few rows that have every pair of values together, out of all combinations."""

from collections.abc import Mapping, Sequence
from itertools import combinations, product

Pair = tuple[tuple[str, str], tuple[str, str]]


def pairwise(values: Mapping[str, Sequence[str]]) -> tuple[dict[str, str], ...]:
    """Rows with a value for each name, the first of all firsts; the same ones each time.

    Greedy: each row begins with a pair that is still wanted, and takes of each name what brings most of the others.
    """
    rows = [{name: choices[0] for name, choices in values.items()}]
    wanted = [pair for one, other in combinations(values, 2) for pair in _pairs(one, other, values)]
    wanted = [pair for pair in wanted if not _has(rows[0], pair)]
    while wanted:
        row = dict(wanted[0])
        for name in values:
            if name not in row:
                row[name] = max(values[name], key=lambda value: _brings(row, name, value, wanted))
        rows.append({name: row[name] for name in values})
        wanted = [pair for pair in wanted if not _has(row, pair)]
    return tuple(rows)


def _pairs(one: str, other: str, values: Mapping[str, Sequence[str]]) -> list[Pair]:
    return [((one, a), (other, b)) for a, b in product(values[one], values[other])]


def _has(row: Mapping[str, str], pair: Pair) -> bool:
    return all(row.get(name) == value for name, value in pair)


def _brings(row: Mapping[str, str], name: str, value: str, wanted: Sequence[Pair]) -> int:
    tried = {**row, name: value}
    return sum((name, value) in pair and _has(tried, pair) for pair in wanted)
