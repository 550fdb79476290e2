"""What `diff` prints in a terminal: a row a change, and what it comes to."""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from envlock.cli.change_text import Row, rows
from envlock.cli.listing import Table
from envlock.cli.package_text import where
from envlock.cli.text import aligned, number, size
from envlock.errors import escaped
from envlock.model.verdicts import VERDICTS

if TYPE_CHECKING:
    from envlock.model.changes import Change
    from envlock.model.lock import Package
    from envlock.workflows.diff import Comparison, Side, Total

_COLORS = {"added": "green", "removed": "red", "upgraded": "cyan", "downgraded": "yellow"}
_COMMIT = 7


def diff_table(found: "Comparison") -> Table:
    """One row a change: what, of which package, from which version to which, by how many bytes, on which platforms."""
    titles = ("CHANGE", "NAME", "BEFORE", "AFTER", "SIZE", "PLATFORMS")
    return Table(titles, [_cells(*row, found) for row in told(found)], (4,))


def told(found: "Comparison") -> Iterator[tuple[Row, str]]:
    """Every change with one word for it."""
    verdicts = {id(change): verdict for change, verdict in found.packages}
    for row in rows(found.changes):
        both = "changed" if row.before and row.after else "added" if row.after else "removed"
        yield row, verdicts[id(row.change)] if row.change else both


def _cells(row: Row, what: str, found: "Comparison") -> tuple[str, ...]:
    platforms = where(row.platforms, every_platform(found)) if row.platforms else ""
    by = growth(row.change) if row.change else ""
    return click.style(what, fg=_COLORS.get(what)), row.name, row.before, row.after, by, platforms


def every_platform(found: "Comparison") -> list[str]:
    """The platforms that a row can be about: those that both sides have, or the one side there is."""
    both = [total.platform for total in found.totals if None not in total.packages]
    whole = found.before.lock and found.after.lock
    return both if whole else [total.platform for total in found.totals]


def growth(change: "Change") -> str:
    """By how many bytes a package grew, or from the least to the most where platforms differ; "" where unknown."""
    found = [_size(on.after) - _size(on.before) for on in change.on if _is_known(on.before) and _is_known(on.after)]
    if not any(found):
        return ""
    low, high = signed(min(found)), signed(max(found))
    return low if low == high else f"{low} to {high}"


def _size(package: "Package | None") -> int:
    return (package.size or 0) if package else 0


def _is_known(package: "Package | None") -> bool:
    return package is None or package.size is not None


def signed(count: int) -> str:
    """A number of bytes more or less: "+1.2 MB", "−18 MB"."""
    return f"{'−' if count < 0 else '+'}{size(abs(count))}"


def headline(found: "Comparison") -> str:
    """What was compared, and how many packages changed in which way."""
    name = f"{escaped(found.name)}: " if found.name else ""
    return f"{name}{side_text(found.before)} → {side_text(found.after)}: {counts(found)}"


def side_text(side: "Side") -> str:
    """As it was asked for, with the commit that it came to."""
    commit = f" ({side.commit[:_COMMIT]})" if side.commit and not side.commit.startswith(side.text) else ""
    return escaped(side.text) + commit


def counts(found: "Comparison") -> str:
    """What happened to packages, each merged row once: "2 upgraded, 1 added, 52 kept"."""
    number_of = Counter(verdict for _, verdict in found.packages)
    parts = [f"{number_of[verdict]} {verdict}" for verdict in VERDICTS if number_of[verdict]]
    others = sum(1 for row in rows(found.changes) if row.change is None)
    parts += [number(others, "other change")] if others else []
    return ", ".join(parts) if parts else "nothing changed"


def totals(found: "Comparison") -> list[str]:
    """A line for each platform: packages and bytes, before and after."""
    return aligned([total_cells(total) for total in found.totals], right=(1,)) if found.totals else []


def total_cells(total: "Total") -> tuple[str, ...]:
    """Platform, packages, bytes."""
    packages = number(total.packages[1] or 0, "package")
    before, after = total.packages
    if before != after:
        packages = f"{before or 0} → {packages}"
    return total.platform, packages, _sizes(total.sizes)


def _sizes(sizes: Sequence[int | None]) -> str:
    before, after = sizes[0] or 0, sizes[1] or 0
    if before == after:
        return size(after)
    return f"{size(before)} → {size(after)} ({signed(after - before)})"
