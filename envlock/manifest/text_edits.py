"""Puts strings into arrays of a TOML text and takes them out; every other byte stays as it is.

Texts have LF line ends. Arrays and tables that are not there are made; what was made so goes with its last string, so
that taking out what was put in gives the text that was there before.
"""

import re
from collections.abc import Iterator, Sequence

from envlock.manifest.text_places import insert_array, without_array
from envlock.model.toml_lines import KeyPath, Places, Span, places
from envlock.model.toml_strings import basic_string

# a longer line becomes one of a string a line
_WIDTH = 100
INDENT = "    "


def with_string(text: str, path: KeyPath, at: int, value: str) -> str:
    """One more string in the array at `path`, before the one that is number `at` now."""
    found = places(text)
    array, items = found.values.get(path), _items(found, path)
    if array is None:
        return insert_array(text, found, path, quoted(value))
    word = quoted(value, like=[text[item.start] for item in items])
    if at:
        return _wrapped(_put_after(text, array, items, at - 1, word), path)
    if items:
        return _wrapped(_put_first(text, array, items[0], word), path)
    return _put_into_empty(text, array, word)


def with_other_string(text: str, path: KeyPath, at: int, value: str) -> str:
    """Another string in the place of number `at`, in quotes of the same kind where it can be."""
    item = places(text).values[(*path, at)]
    return _put(text, item, quoted(value, like=[text[item.start]]))


def without_string(text: str, path: KeyPath, at: int) -> str:
    """One string less, with its comma and the comment behind it."""
    found = places(text)
    array, items = found.values[path], _items(found, path)
    if len(items) == 1:
        return _take_only(text, found, path, items[0])
    return _take(text, array, items, at)


def quoted(value: str, *, like: Sequence[str] = ()) -> str:
    """A TOML string in the quotes that its neighbours (their first characters) have, or which need no escapes."""
    literal = "'" not in value and value.isprintable()
    if literal and (set(like) == {"'"} or '"' in value or "\\" in value):
        return f"'{value}'"
    return basic_string(value)


def _items(found: Places, path: KeyPath) -> list[Span]:
    def spans() -> Iterator[Span]:
        number = 0
        while (*path, number) in found.values:
            yield found.values[(*path, number)]
            number += 1

    return list(spans())


def _put_after(text: str, array: Span, items: Sequence[Span], at: int, word: str) -> str:
    item, last = items[at], at == len(items) - 1
    until = array.end - 1 if last else items[at + 1].start
    comma = _comma(text, item.end, until)
    line_end = text.find("\n", comma or item.end, until)
    if line_end < 0 and not (last and _begins_line(text, item)):
        return _put(text, Span(item.end, item.end), f", {word}")
    indent = _indent(text, array, items[at : at + 2])
    if line_end < 0:  # the bracket closes on the line of the last one
        return _put(text, Span(item.end, item.end), f",\n{indent}{word}")
    if comma is None:
        text = _put(text, Span(item.end, item.end), ",")
        return _put(text, Span(line_end + 2, line_end + 2), f"{indent}{word}\n")
    return _put(text, Span(line_end + 1, line_end + 1), f"{indent}{word},\n")


def _put_first(text: str, array: Span, first: Span, word: str) -> str:
    line_end = text.find("\n", array.start, first.start)
    if line_end < 0:
        return _put(text, Span(first.start, first.start), f"{word}, ")
    return _put(text, Span(line_end + 1, line_end + 1), f"{_indent(text, array, [first])}{word},\n")


def _put_into_empty(text: str, array: Span, word: str) -> str:
    line_start = text.rfind("\n", array.start, array.end) + 1
    if not line_start:
        return _put(text, Span(array.start + 1, array.start + 1), word)
    remark = re.search(r"\n([ \t]+)#", text[array.start : array.end])
    indent = remark[1] if remark else _line_indent(text, array.start) + INDENT
    return _put(text, Span(line_start, line_start), f"{indent}{word},\n")


def _take(text: str, array: Span, items: Sequence[Span], at: int) -> str:
    item, last = items[at], at == len(items) - 1
    until = array.end - 1 if last else items[at + 1].start
    comma = _comma(text, item.end, until)
    line_end = text.find("\n", comma or item.end, until)
    if _begins_line(text, item) and line_end >= 0:
        text = _put(text, Span(_line_start(text, item.start), line_end + 1), "")
        before = _comma(text, items[at - 1].end, item.start) if last and comma is None else None
        return text if before is None else _put(text, Span(before, before + 1), "")
    if not last and (at == 0 or _begins_line(text, item)):
        return _put(text, Span(item.start, items[at + 1].start), "")
    before = _comma(text, items[at - 1].end, item.start)
    if "#" in text[items[at - 1].end : item.start] and before is not None:
        # the comment is of the one before
        line = Span(max(_line_start(text, item.start), before + 1), item.end)
        return _put(_put(text, line, ""), Span(before, before + 1), "")
    return _put(text, Span(items[at - 1].end, item.end), "")


def _take_only(text: str, found: Places, path: KeyPath, item: Span) -> str:
    array = found.values[path]
    comma = _comma(text, item.end, array.end - 1)
    line_end = text.find("\n", comma or item.end, array.end)
    around = text[array.start : item.start] + text[max(line_end, item.end) : array.end]
    if "\n" in text[array.start : array.end] and "#" not in around:
        return without_array(text, found, path)
    if _begins_line(text, item) and line_end >= 0:
        return _put(text, Span(_line_start(text, item.start), line_end + 1), "")
    return _put(text, Span(item.start, item.end if comma is None else comma + 1), "")


def _wrapped(text: str, path: KeyPath) -> str:
    """An array that has become too long for its line: one string a line."""
    found = places(text)
    array = found.values[path]
    line = text[_line_start(text, array.start) : text.find("\n", array.end) % (len(text) + 1)]
    if len(line) <= _WIDTH or "\n" in text[array.start : array.end] or not _stands_alone(text, found, path):
        return text
    indent = _line_indent(text, array.start)
    words = (text[item.start : item.end] for item in _items(found, path))
    return _put(text, array, "".join(("[\n", *(f"{indent}{INDENT}{word},\n" for word in words), f"{indent}]")))


def _stands_alone(text: str, found: Places, path: KeyPath) -> bool:
    """Not inside an inline table, which must stay on one line."""
    return not any(
        text[found.values[path[:end]].start] == "{" for end in range(len(path)) if path[:end] in found.values
    )


def _comma(text: str, start: int, end: int) -> int | None:
    """Where the comma stands behind an item; commas in comments are none."""
    found = re.compile(r"(?:[ \t\n]|#[^\n]*+)*+,").match(text, start, end)
    return found.end() - 1 if found else None


def _indent(text: str, array: Span, beside: Sequence[Span]) -> str:
    found = (_line_indent(text, item.start) for item in beside if _begins_line(text, item))
    return next(found, _line_indent(text, array.start) + INDENT)


def _begins_line(text: str, span: Span) -> bool:
    return not text[_line_start(text, span.start) : span.start].strip()


def _line_indent(text: str, at: int) -> str:
    line = text[_line_start(text, at) :]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1


def _put(text: str, span: Span, word: str) -> str:
    return text[: span.start] + word + text[span.end :]
