"""Where each key and each array item of a TOML document stands, for messages and for edits.

`tomllib` gives values without places. This walks the same text, which `tomllib` has accepted already, and
notes lines and spans; it is run only when there is something to complain about, or to change.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

KeyPath = tuple[str | int, ...]


class Span(NamedTuple):
    """From the first character to behind the last one."""

    start: int
    end: int


class Pair(NamedTuple):
    """`key = value`: the path of the table whose heading it stands below, its own, and its span."""

    table: KeyPath
    path: KeyPath
    span: Span


class Places(NamedTuple):
    """Of a document: the span of each value (also of array items), its pairs in order, the span of each heading."""

    values: dict[KeyPath, Span]
    pairs: tuple[Pair, ...]
    headings: tuple[tuple[KeyPath, Span], ...]


_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_STRINGS = r"""\"{3}(?:\\.|(?!\"{3}).)*\"{3,5}|'{3}(?:(?!'{3}).)*'{3,5}|"(?:\\.|[^"\\\n])*"|'[^'\n]*'"""
_STRING = re.compile(_STRINGS, re.DOTALL)
_KEY = re.compile(_STRINGS + r"|[A-Za-z0-9_-]+", re.DOTALL)
_COMMENT = re.compile(_STRINGS + r"|#[^\n]*", re.DOTALL)
_DOT = re.compile(r"[ \t]*\.[ \t]*")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL)
_ESCAPED = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r"}


def line_numbers(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every table, key and array item of valid TOML with LF line ends."""
    walk = _Walk(text)
    walk.document()
    return walk.lines


def places(text: str) -> Places:
    """Where each part of valid TOML with LF line ends stands."""
    walk = _Walk(text)
    walk.document()
    return Places(walk.values, tuple(walk.pairs), tuple(walk.headings))


def comment_spans(text: str) -> tuple[Span, ...]:
    """Where the comments of TOML stand, each from its `#` on."""
    return tuple(Span(*found.span()) for found in _COMMENT.finditer(text) if found[0].startswith("#"))


class _Walk:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.starts = [0, *(i + 1 for i, character in enumerate(text) if character == "\n")]
        self.lines: dict[KeyPath, int] = {}
        self.lengths: dict[KeyPath, int] = {}  # of arrays of tables
        self.values: dict[KeyPath, Span] = {}
        self.pairs: list[Pair] = []
        self.headings: list[tuple[KeyPath, Span]] = []

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip() < len(self.text):
            table = self._header() if self._is("[") else self._pair(table)

    def _header(self) -> KeyPath:
        start, line, array = self.at, self._line(), self.text.startswith("[[", self.at)
        self._take("[[" if array else "[")
        keys = tuple(self._keys())
        self._take("]]" if array else "]")
        path = self._inside_arrays(keys, last=not array)
        if array:
            number = self.lengths.get(path, 0)
            self.lengths[path] = number + 1
            path = (*path, number)
        self._note(path, line)
        self.headings.append((path, Span(start, self.at)))
        return path

    def _inside_arrays(self, keys: tuple[str, ...], *, last: bool) -> KeyPath:
        """`[a.b]` after `[[a]]` means the newest item of `a`."""
        path: KeyPath = ()
        for position, key in enumerate(keys):
            path = (*path, key)
            if path in self.lengths and (last or position < len(keys) - 1):
                path = (*path, self.lengths[path] - 1)
        return path

    def _pair(self, table: KeyPath) -> KeyPath:
        line, start = self._line(), self.at
        path = (*table, *self._keys())
        self._note(path, line)
        self._take("=")
        self._value(path)
        self.pairs.append(Pair(table, path, Span(start, self.at)))
        return table

    def _value(self, path: KeyPath) -> None:
        start = self._skip()
        self._any_value(path)
        self.values[path] = Span(start, self.at)

    def _any_value(self, path: KeyPath) -> None:
        if self._is("["):
            self._array(path)
        elif self._is("{"):
            self._inline_table(path)
        else:
            found = _STRING.match(self.text, self.at) or _SCALAR.match(self.text, self.at)
            assert found
            self.at = found.end()

    def _array(self, path: KeyPath) -> None:
        self._take("[")
        number = 0
        while not self._closes("]"):
            self._note((*path, number), self._line())
            self._value((*path, number))
            number += 1

    def _inline_table(self, path: KeyPath) -> None:
        self._take("{")
        while not self._closes("}"):
            self._pair(path)

    def _closes(self, bracket: str) -> bool:
        """Skips blanks and one comma; takes the closing bracket where it follows."""
        self._skip()
        if self._is(","):
            self._take(",")
            self._skip()
        if not self._is(bracket):
            return False
        self._take(bracket)
        return True

    def _keys(self) -> Iterator[str]:
        self._skip()
        while True:
            found = _KEY.match(self.text, self.at)
            assert found
            self.at = found.end()
            yield _key(found[0])
            dot = _DOT.match(self.text, self.at)
            if not dot:
                return
            self.at = dot.end()

    def _note(self, path: KeyPath, line: int) -> None:
        """A path and the tables that it brings into being; what is known already keeps its line."""
        for end in range(1, len(path) + 1):
            self.lines.setdefault(path[:end], line)

    def _skip(self) -> int:
        found = _BLANK.match(self.text, self.at)
        assert found
        self.at = found.end()
        return self.at

    def _take(self, expected: str) -> None:
        self._skip()
        assert self._is(expected)
        self.at += len(expected)

    def _is(self, expected: str) -> bool:
        return self.text.startswith(expected, self.at)

    def _line(self) -> int:
        return bisect_right(self.starts, self.at)


def _key(text: str) -> str:
    if text.startswith("'"):
        return text[1:-1]
    return _ESCAPE.sub(_unescaped, text[1:-1]) if text.startswith('"') else text


def _unescaped(found: re.Match[str]) -> str:
    code = found[1]
    return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)
