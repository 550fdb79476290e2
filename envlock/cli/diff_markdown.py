"""What `diff --markdown` prints: a comment for a pull request; names of packages are text in it and nothing else."""

import re
from collections.abc import Iterator, Sequence

from envlock.cli.diff_table import counts, every_platform, growth, side_text, told, total_cells
from envlock.cli.package_text import where
from envlock.workflows.diff import Comparison

# what means nothing to Markdown between backticks, in a table too
_PLAIN = re.compile(r"[A-Za-z0-9_.+!~:/@,=<>()\[\]… -]+")
_OTHER = re.compile(r"[^A-Za-z0-9]")
# rows beyond this are folded away; beyond that, not shown: a comment on GitHub has at most 65,536 characters
_FOLDED, _LONGEST = 25, 60_000
_TITLES, _TOTALS = ("Change", "Package", "Before", "After", "Size", "Platforms"), ("Platform", "Packages", "Download")


def diff_markdown(found: Comparison) -> str:
    """A headline that counts, a table of changes, and one of totals where there are any."""
    name = f"{code(found.name)}: " if found.name else ""
    lines = [f"### {name}{code(side_text(found.before))} → {code(side_text(found.after))}", "", f"**{counts(found)}**"]
    rows = list(_rows(found))
    if rows:
        lines += ["", *_changes(rows), "", *_table(_TOTALS, [total_cells(total) for total in found.totals])]
    return "\n".join(lines)


def code(text: str) -> str:
    """A text as it is, in a fixed-width font; what could mean anything to Markdown or HTML does not."""
    if not text:
        return ""
    if _PLAIN.fullmatch(text) and text == text.strip():
        return f"`{text}`"
    return f"<code>{_OTHER.sub(lambda found: f'&#{ord(found[0])};', text)}</code>"


def _rows(found: Comparison) -> Iterator[tuple[str, ...]]:
    for row, what in told(found):
        platforms = where(row.platforms, every_platform(found)) if row.platforms else ""
        by = growth(row.change) if row.change else ""
        yield what, code(row.name), code(row.before), code(row.after), by, platforms


def _changes(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    shown: list[tuple[str, ...]] = []
    length = 0
    for row in rows:
        length += len(_line(row)) + 1
        if length > _LONGEST:
            break
        shown.append(row)
    table = [*_table(_TITLES, shown)]
    if len(rows) > len(shown):
        table += ["", f"… and {len(rows) - len(shown)} more"]
    if len(rows) <= _FOLDED:
        yield from table
    else:
        yield from (f"<details><summary>{len(rows)} changes</summary>", "", *table, "", "</details>")


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns that say nothing are left out."""
    filled = [n for n in range(len(titles)) if any(row[n] for row in rows)]
    yield _line([titles[n] for n in filled])
    yield _line(["---:" if titles[n] == "Size" else "---" for n in filled])
    yield from (_line([row[n] for n in filled]) for row in rows)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
