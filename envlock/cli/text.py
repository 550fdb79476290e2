"""Text for people: sizes, counts, columns."""

from collections.abc import Sequence

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: int | None) -> str:
    """Bytes in the unit that leaves at most three digits: 18_400_000 -> "18 MB", 1_840_000 -> "1.8 MB"."""
    if count is None:
        return "?"
    amount, unit = float(count), 0
    while round(amount) >= 1000 and unit < len(_UNITS) - 1:
        amount, unit = amount / 1000, unit + 1
    return f"{amount:.1f} {_UNITS[unit]}" if unit and amount < 9.95 else f"{amount:.0f} {_UNITS[unit]}"


def number(count: int, noun: str, several: str | None = None) -> str:
    """A count with its noun: "1 package", "2 packages"; `several` where an `s` does not make the plural."""
    return f"{count} {noun}" if count == 1 else f"{count} {several or f'{noun}s'}"


def age(seconds: float) -> str:
    """How long ago, in whole days: "today", "1 day", "40 days"."""
    days = int(seconds // (24 * 60 * 60))
    return number(days, "day") if days > 0 else "today"


def aligned(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Rows of equal length as lines with aligned columns; those numbered in `right` are flush right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    cells = ([c.rjust(widths[n]) if n in right else c.ljust(widths[n]) for n, c in enumerate(row)] for row in rows)
    return ["  ".join(row).rstrip() for row in cells]
