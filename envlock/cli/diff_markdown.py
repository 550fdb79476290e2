"""What `diff --markdown` prints: a comment for a pull request; names of packages are text in it and nothing else."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from envlock.cli.diff_table import counts, every_platform, growth, side_text, told, total_cells
from envlock.cli.markdown import clipped, code, fitting, folded, row_line, table
from envlock.cli.package_text import where

if TYPE_CHECKING:
    from envlock.workflows.diff import Comparison

# rows beyond this are folded away; beyond that, not shown: a comment on GitHub has at most 65,536 characters
_FOLDED, _LONGEST, _CELL = 25, 60_000, 300
_TITLES, _TOTALS = ("Change", "Package", "Before", "After", "Size", "Platforms"), ("Platform", "Packages", "Download")


def diff_markdown(found: "Comparison") -> str:
    """A headline that counts, a table of changes, and one of totals where there are any."""
    name = f"{code(found.name)}: " if found.name else ""
    lines = [f"### {name}{code(side_text(found.before))} → {code(side_text(found.after))}", "", f"**{counts(found)}**"]
    changed = changes_table(found, _LONGEST)
    if changed:
        lines += ["", changed, "", *table(_TOTALS, [total_cells(total) for total in found.totals])]
    return "\n".join(lines)


def changes_table(found: "Comparison", room: int, most: int = _FOLDED, title: str = "") -> str:
    """A row a change, as many as are not more than `room` bytes; beyond `most` the table is folded away; "" without
    changes. A `title` stands before it, or on what is to be clicked."""
    rows = list(_rows(found))
    if not rows:
        return ""
    shown = rows[: len(fitting([row_line(row) for row in rows], room))]
    lines = "\n".join(table(_TITLES, shown, right=("Size",)))
    if len(rows) > len(shown):
        lines += f"\n\n… and {len(rows) - len(shown)} more"
    if len(rows) > most:
        return folded(f"<b>{title}</b>" if title else f"{len(rows)} changes", lines)
    return f"**{title}**\n\n{lines}" if title else lines


def _rows(found: "Comparison") -> Iterator[Sequence[str]]:
    for row, what in told(found):
        platforms = where(row.platforms, every_platform(found)) if row.platforms else ""
        by = growth(row.change) if row.change else ""
        cells = (code(clipped(text, _CELL)) for text in (row.name, row.before, row.after))
        yield what, *cells, by, platforms
