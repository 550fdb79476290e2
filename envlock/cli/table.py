"""A table as lines that fit: where it is too wide, the last columns go to lines of their own below each row."""

from collections.abc import Iterator, Sequence
from textwrap import wrap

import click

_GAP = "  "
_INDENT = "    "
# of a table that is too wide, columns that stay in the first line whatever their width
_FEWEST = 2


def table_lines(
    titles: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), width: int | None = None
) -> list[str]:
    """The title line and the rows, with columns aligned; a column that is empty throughout is left out.

    Cells may be styled. `right` are the columns of numbers; no `width` is any width.
    """
    filled = [n for n in range(len(titles)) if any(row[n] for row in rows)] or range(len(titles))
    right = [at for at, n in enumerate(filled) if n in right]
    cells = [[click.style(titles[n], bold=True) for n in filled], *([row[n] for n in filled] for row in rows)]
    widths = [max(map(_length, column)) for column in zip(*cells, strict=True)]
    fitting = _fitting(widths, width)
    lines: list[str] = []
    for row in cells:
        padded = (_padded(cell, widths[n], n in right) for n, cell in enumerate(row[:fitting]))
        lines += [_GAP.join(padded).rstrip(), *_below(row[fitting:], width)]
    return lines


def _fitting(widths: Sequence[int], width: int | None) -> int:
    """How many columns fit into one line."""
    counts = range(len(widths), _FEWEST, -1)
    return next((n for n in counts if width is None or sum(widths[:n]) + len(_GAP) * (n - 1) <= width), _FEWEST)


def _below(cells: Sequence[str], width: int | None) -> Iterator[str]:
    text = _GAP.join(click.unstyle(cell) for cell in cells if cell)
    if text:
        fitting = max(width or 0, 20)
        for line in wrap(text, fitting - len(_INDENT), break_long_words=False, break_on_hyphens=False):
            yield _INDENT + line


def _padded(cell: str, width: int, right: bool) -> str:
    blank = " " * (width - _length(cell))
    return blank + cell if right else cell + blank


def _length(cell: str) -> int:
    return len(click.unstyle(cell))
