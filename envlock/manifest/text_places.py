"""Finds the place in a TOML text where an array that is not there yet belongs, and takes an emptied one out."""

from collections.abc import Callable, Iterator

from envlock.model.place import key_text
from envlock.model.toml_lines import KeyPath, Pair, Places, Span, places

# tables in the order in which `envlock init` and the documentation have them
_ORDER = ("conda", "pip", "groups", "platform", "variables", "image", "lock")


def insert_array(text: str, found: Places, path: KeyPath, word: str) -> str:
    """The text with an array of one string at `path`: as a key of the table that is there, or in a new table."""
    return _insert(text, found, path, f"[{word}]", lambda key, indent: _lines(key, word, indent))


def insert_value(text: str, path: KeyPath, word: str) -> str:
    """The same with any value, as TOML writes it; a key of the whole document stands behind those that are there."""
    found = places(text)
    if len(path) > 1:
        return _insert(text, found, path, word, lambda key, indent: f"{indent}{key} = {word}\n")
    line = f"{key_text(path)} = {word}\n"
    pairs = [p for p in found.pairs if p.table == ()]
    return _after_line(text, pairs[-1].span.end, line) if pairs else f"{line}\n{text}"


def _insert(text: str, found: Places, path: KeyPath, word: str, lines: Callable[[str, str], str]) -> str:
    for end in range(len(path) - 1, 0, -1):
        table, rest = path[:end], path[end:]
        if table in found.values:
            return _into_inline_table(text, found, table, f"{key_text(rest)} = {word}")
        written = [p for p in found.pairs if p.path[:end] == table and len(p.table) < end]
        if written:  # `conda.channels = […]` under another heading
            key = key_text(path[len(written[-1].table) :])
            return _after_line(text, written[-1].span.end, lines(key, _indent(text, written[-1])))
    heading = next((span for table, span in found.headings if table == path[:-1]), None)
    if heading is None:
        return _with_table(text, found, path, lines)
    pairs = [p for p in found.pairs if p.table == path[:-1]]
    indent = _indent(text, pairs[-1]) if pairs else ""
    return _after_line(text, pairs[-1].span.end if pairs else heading.end, lines(key_text(path[-1:]), indent))


def without_array(text: str, found: Places, path: KeyPath) -> str:
    """The text without the array at `path`, and without its table where that has nothing else.

    Where a comment stands above or behind it, or it is part of something larger, an empty array stays.
    """
    pair = next(p for p in found.pairs if p.path == path)
    array = found.values[path]
    if pair.table in found.values or _has_remarks(text, pair.span):
        return text[: array.start] + "[]" + text[array.end :]
    heading = next((span for table, span in found.headings if table == pair.table), None)
    alone = heading and [p.path for p in found.pairs if p.table == pair.table] == [path]
    if not (heading and alone):
        return without_lines(text, pair.span)
    if text[heading.end : pair.span.start].strip() or _has_remarks(text, heading):
        return text[: array.start] + "[]" + text[array.end :]
    start = heading.start - 1 if text[: heading.start].endswith("\n\n") else heading.start
    return without_lines(text, Span(start, pair.span.end))


def _lines(key: str, word: str, indent: str) -> str:
    return f"{indent}{key} = [\n{indent}    {word},\n{indent}]\n"


def _into_inline_table(text: str, found: Places, table: KeyPath, pair: str) -> str:
    span = found.values[table]
    inside = [p for p in found.pairs if p.table == table]
    if not inside:
        return f"{text[: span.start]}{{ {pair} }}{text[span.end :]}"
    last = max(p.span.end for p in inside)
    last = len(text[:last].rstrip())
    return f"{text[:last]}, {pair}{text[last:]}"


def _with_table(text: str, found: Places, path: KeyPath, lines: Callable[[str, str], str]) -> str:
    """Behind the tables that it belongs to, or those that come before it by custom."""
    at = max(_ends_before(found, path), default=None)
    block = f"[{key_text(path[:-1])}]\n{lines(key_text(path[-1:]), '')}"
    if at is not None:
        return _after_line(text, at, f"\n{block}")
    return f"{block}\n{text}" if text.strip() else f"{text}{block}"


def _ends_before(found: Places, path: KeyPath) -> Iterator[int]:
    """The ends of all that has to stand before a new table: of its own group or platform, else of those before it."""
    kin = [n for n, (table, _) in enumerate(found.headings) if len(path) > 3 and table[:2] == path[:2]]
    before = [n for n, (table, _) in enumerate(found.headings) if _rank(table[0]) <= _rank(path[0])]
    for number in kin or before:
        yield _end_of(found, number)
    if not (kin or before):
        yield from (p.span.end for p in found.pairs if p.table == ())


def _end_of(found: Places, number: int) -> int:
    """Where the last value below a heading ends."""
    heading = found.headings[number][1]
    following = found.headings[number + 1][1].start if number + 1 < len(found.headings) else None
    inside = (
        p.span.end for p in found.pairs if p.span.start > heading.end and (not following or p.span.end < following)
    )
    return max(inside, default=heading.end)


def _rank(key: str | int) -> int:
    return _ORDER.index(str(key)) if key in _ORDER else len(_ORDER)


def _after_line(text: str, at: int, block: str) -> str:
    """A block of lines behind the line in which `at` is; a text whose last line is not ended has none after it."""
    line_end = text.find("\n", at)
    if line_end < 0:
        return f"{text}\n{block.removesuffix(chr(10))}"
    return text[: line_end + 1] + block + text[line_end + 1 :]


def without_lines(text: str, span: Span) -> str:
    """The text without the lines of a span, whatever else stands in them."""
    start, line_end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
    if text[span.start] == "\n":  # the blank line before a heading
        start = span.start
    if line_end < 0:
        return text[:start].removesuffix("\n")
    rest = text[line_end + 1 :]
    return text[:start] + (rest if start else rest.removeprefix("\n"))


def _has_remarks(text: str, span: Span) -> bool:
    """Is there a comment in the line above or behind?"""
    start, line_end = text.rfind("\n", 0, span.start) + 1, text.find("\n", span.end)
    above = text[text.rfind("\n", 0, max(start - 1, 0)) + 1 : max(start - 1, 0)]
    behind = text[span.end :] if line_end < 0 else text[span.end : line_end]
    return above.lstrip().startswith("#") or bool(behind.strip())


def _indent(text: str, pair: Pair) -> str:
    line = text[text.rfind("\n", 0, pair.span.start) + 1 :]
    return line[: len(line) - len(line.lstrip(" \t"))]
