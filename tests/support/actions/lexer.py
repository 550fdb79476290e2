"""Expressions as words."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.support.actions.values import to_number

_WORD = re.compile(
    r"""\s*(?:
    (?P<string>'(?:[^']|'')*')
    |(?P<number>[+-]?(?:0[xo][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|Infinity)(?![\w.]))
    |(?P<name>[A-Za-z_][A-Za-z0-9_-]*)
    |(?P<sign>&&|\|\||==|!=|<=|>=|[()\[\].,!<>*])
    )""",
    re.VERBOSE,
)
KEYWORDS = {"true": True, "false": False, "null": None, "NaN": float("nan"), "Infinity": float("inf")}


class ExpressionError(Exception):
    """An expression that the runner refuses, or that fails where it is evaluated."""


@dataclass(frozen=True, slots=True)
class Word:
    """`kind` is "value", "name", "sign" or "end"; `text` is as it stands there."""

    kind: str
    text: str
    place: int
    value: Any = None


def words(text: str) -> Iterator[Word]:
    place = 0
    while text[place:].strip():
        found = _WORD.match(text, place)
        if found is None:
            symbol = text[place:].split(maxsplit=1)[0]
            raise ExpressionError(f"Unexpected symbol: '{symbol}'. Located at position {place + 1} within: {text}")
        yield _word(found)
        place = found.end()
    yield Word("end", "", len(text))


def _word(found: re.Match[str]) -> Word:
    kind = found.lastgroup or ""
    text, place = found[kind], found.start(kind)
    if kind == "string":
        return Word("value", text, place, text[1:-1].replace("''", "'"))
    if kind == "number":
        return Word("value", text, place, to_number(text))
    if kind == "name" and text in KEYWORDS:
        return Word("value", text, place, KEYWORDS[text])
    return Word(kind, text, place)
