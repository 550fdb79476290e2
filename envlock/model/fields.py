"""Reads a TOML document into values by typed readers that note what is wrong and go on.

So that all that is wrong with one file is said at once, each finding with line and key path.
"""

import re
from collections.abc import Callable, Hashable, Iterable, Iterator
from datetime import date, time
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from envlock.errors import UserInputError
from envlock.model.place import Place, key_text, located
from envlock.model.toml_lines import KeyPath, line_numbers

# text -> the normalised value; ValueError says what was expected
Parse = Callable[[str], str]

_TYPES = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", list: "an array", dict: "a table"}
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_CONFLICT = re.compile(r"^(?:<{7}|\|{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)
_PLACE = re.compile(r" \(at line (\d+), column \d+\)$")


class Item(NamedTuple):
    """A value of an array and where it stands."""

    path: KeyPath
    value: str


class Document:
    """A TOML file being read, and everything found wrong with it so far."""

    def __init__(self, name: str, text: str, values: dict[str, Any]) -> None:
        self.name = name
        self._text = text
        self._findings: list[tuple[KeyPath, str]] = []
        self._notes: list[tuple[Place, str]] = []
        self.read_too: list[Path] = []  # other files, whose values stand in for some of this one's
        self._tables: dict[KeyPath, Table] = {}
        self.root = self.opened((), values)

    def opened(self, path: KeyPath, values: dict[str, Any]) -> "Table":
        """The table at a path: the same one, however many readers share it."""
        if path not in self._tables:
            self._tables[path] = Table(self, path, values)
        return self._tables[path]

    def refuse(self, path: KeyPath, what: str) -> None:
        """Notes that what stands at `path` is wrong."""
        self._findings.append((path, f": {what}"))

    def note(self, findings: Iterable[tuple[Place, str]]) -> None:
        """Takes over what is wrong in other files."""
        self._notes += findings

    def refuse_twice(self, items: Iterable[Item], identity: Callable[[str], Hashable] = str) -> None:
        """Notes every item that says something about what an earlier one is about already."""
        first: dict[Hashable, Item] = {}
        for item in items:
            earlier = first.setdefault(identity(item.value), item)
            if earlier is not item:
                where = self._beside(self.place(earlier.path), self.place(item.path))
                self.refuse(item.path, f"`{earlier.value}` stands in {where} already: keep one")

    def place(self, path: KeyPath) -> Place:
        """Where a key path, or the nearest table around it, is written."""
        return Place(self.name, self.line(path), path)

    def in_toml(self, path: KeyPath) -> bool:
        """Does this stand in a TOML file, as a value of its own?"""
        return bool(path)

    def _beside(self, earlier: Place, later: Place) -> str:
        return f"line {earlier.line}" if earlier.file == later.file else f"`{earlier.file}:{earlier.line}`"

    def line(self, path: KeyPath) -> int | None:
        """The line of a key path, or of the nearest table around it."""
        return next((self._lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in self._lines), None)

    @cached_property
    def _lines(self) -> dict[KeyPath, int]:
        try:
            return line_numbers(self._text)
        except RecursionError:  # nested beyond reason: the findings go without lines
            return {}

    def findings(self) -> list[tuple[Place, str]]:
        """What is wrong so far, and where; `close` says it together with the unknown keys."""
        return [*((self.place(path), what) for path, what in self._findings), *self._notes]

    def close(self, *, hint: str | None = None) -> None:
        """Raises one UserInputError with a line for each finding, in line order."""
        for table in self._tables.values():
            self._refuse_unknown(table)
        found = self.findings()
        if found:
            found.sort(key=lambda finding: (finding[0].file != self.name, finding[0].file, finding[0].line or 0))
            raise UserInputError("\n".join(dict.fromkeys(place.said(what) for place, what in found)), hint=hint)

    def _refuse_unknown(self, table: "Table") -> None:
        for key in table.unknown():
            table.refuse(key, f"unknown key{self._suggestion(table, key)}")

    def _suggestion(self, table: "Table", key: str) -> str:
        near = get_close_matches(key, sorted(table.asked), n=1)
        same = [t.path for t in self._tables.values() if key in t.asked]
        nearest = max(same, key=lambda path: _shared(path, table.path), default=None)
        meant = near[0] if near else None if nearest is None else key_text((*nearest, key))
        return f": did you mean `{meant}`?" if meant else ""


class Table:
    """One table of a document. Keys that no reader asks for are unknown ones."""

    def __init__(self, document: Document, path: KeyPath, values: dict[str, Any]) -> None:
        self.document = document
        self.path = path
        self.asked: set[str] = set()
        self._values = values

    def __contains__(self, key: str) -> bool:
        return key in self._values

    def at(self, key: str) -> KeyPath:
        return (*self.path, key)

    def refuse(self, key: str, what: str) -> None:
        self.document.refuse(self.at(key), what)

    def unknown(self) -> list[str]:
        return [key for key in self._values if key not in self.asked]

    def text(self, key: str, parse: Parse = str, *, prose: bool = False) -> str | None:
        """A string, None when absent or wrong. Only `prose` may hold control characters (never NUL)."""
        value = self._value(key, str)
        return None if value is None else self._parsed(self.at(key), value, parse, prose)

    def needed(self, key: str, parse: Parse = str) -> str:
        """A string that must be there; "" stands in for a wrong one until the document is closed."""
        if key not in self._values:
            self.asked.add(key)
            self.refuse(key, "missing")
        return self.text(key, parse) or ""

    @property
    def raw(self) -> dict[str, Any]:
        """The values as TOML gives them, unchecked."""
        return self._values

    def has(self, key: str) -> bool:
        self.asked.add(key)
        return key in self._values

    def is_text(self, key: str) -> bool:
        return isinstance(self._values.get(key), str)

    def integer(self, key: str) -> int | None:
        value: int | None = self._value(key, int)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        value: bool | None = self._value(key, bool)
        return default if value is None else value

    def is_table(self, key: str) -> bool:
        return isinstance(self._values.get(key), dict)

    def texts(
        self, key: str, parse: Parse = str, *, prose: bool = False, filled: bool = False
    ) -> tuple[Item, ...] | None:
        """The right ones of an array of strings, one at least if `filled`; None when there is no array."""
        values = self._value(key, list, "an array of strings")
        if values == [] and filled:
            self.refuse(key, "expected at least one item, got an empty array")
        return None if values is None else tuple(self._items(self.at(key), values, parse, prose))

    def table(self, key: str) -> "Table":
        """A table; an absent one is empty."""
        return self.document.opened(self.at(key), self._value(key, dict) or {})

    def tables(self, key: str) -> "tuple[Table, ...]":
        """An array of tables; an absent one is empty."""
        values = self._value(key, list, "an array of tables") or []
        paths = [(*self.at(key), number) for number in range(len(values))]
        return tuple(self.document.opened(p, v) for p, v in zip(paths, values, strict=True) if self._is(p, v, dict))

    def names(self, parse: Parse = str) -> tuple[str, ...]:
        """The keys, the right ones, of a table that names its keys freely."""
        self.asked |= self._values.keys()
        return tuple(k for k in self._values if self._parsed(self.at(k), k, parse, prose=False) is not None)

    def entries(self, parse_key: Parse = str, *, prose: bool = False) -> tuple[tuple[str, str], ...]:
        """Freely named strings, sorted by name."""
        found = ((name, self.text(name, prose=prose)) for name in self.names(parse_key))
        return tuple(sorted((name, value) for name, value in found if value is not None))

    def _items(self, path: KeyPath, values: list[Any], parse: Parse, prose: bool) -> Iterator[Item]:
        for number, value in enumerate(values):
            place = (*path, number)
            parsed = self._parsed(place, value, parse, prose) if self._is(place, value, str) else None
            if parsed is not None:
                yield Item(place, parsed)

    def _parsed(self, path: KeyPath, value: str, parse: Parse, prose: bool) -> str | None:
        try:
            return parse(_checked(value, prose))
        except ValueError as error:
            self.document.refuse(path, str(error))
            return None

    def _value(self, key: str, kind: type, expected: str | None = None) -> Any:
        self.asked.add(key)
        value = self._values.get(key)
        return value if key in self._values and self._is(self.at(key), value, kind, expected) else None

    def _is(self, path: KeyPath, value: Any, kind: type, expected: str | None = None) -> bool:
        if type(value) is kind:  # not isinstance: TOML's true is no integer
            return True
        got = _TYPES.get(type(value), "a date or time")
        quote = ": put it in quotes" if kind is str and isinstance(value, int | float | date | time) else ""
        self.document.refuse(path, f"expected {expected or _TYPES[kind]}, got {got}{quote}")
        return False


def matching(pattern: str, expected: str) -> Parse:
    """A reader of what a regular expression, compiled when it is first wanted, matches whole."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"expected {expected}, got `{text}`")
        return text

    return parse


def not_toml(
    name: str, text: str, error: Exception, *, hint: str | None = None, finish: str | None = None
) -> UserInputError:
    """The error for a text that `tomllib` refused with `error`; `finish` says how a merge of such files is finished."""
    conflict = _CONFLICT.search(text)
    if conflict:
        line = text.count("\n", 0, conflict.start()) + 1
        return UserInputError(
            located(name, line, f"git's conflict marker `{conflict[0][:7]}`: a merge was not finished"),
            hint=finish or f"decide for one side, for example by `git checkout --ours {name}`, then run `envlock lock`",
        )
    if isinstance(error, RecursionError):
        return UserInputError(f"{name}: not valid TOML: nested too deeply", hint=hint)
    place = _PLACE.search(str(error))
    what = f"not valid TOML: {_reason(error)}"
    return UserInputError(located(name, int(place[1]) if place else None, what), hint=hint)


def _shared(path: KeyPath, other: KeyPath) -> int:
    """How many keys two paths have in common from their start."""
    return next((n for n, (a, b) in enumerate(zip(path, other, strict=False)) if a != b), min(len(path), len(other)))


def _reason(error: Exception) -> str:
    reason = _PLACE.sub("", str(error))
    return reason[:1].lower() + reason[1:]


def _checked(text: str, prose: bool) -> str:
    found = re.search("\0", text) if prose else _CONTROL.search(text)
    if found:
        raise ValueError(f"control character U+{ord(found[0]):04X} is not allowed here")
    return text
