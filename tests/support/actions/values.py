"""Values of expressions: null, booleans, numbers, strings, arrays and objects, and how they turn into one another."""

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_BASES = {"0x": 16, "0o": 8}


class CaseSensitive(dict[str, Any]):
    """An object whose keys are told apart by case, as those of `env` on Linux; of others they are not."""


class Filtered(list[Any]):
    """What `*` gives: an array on whose items the next property or index works."""


def is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def is_array(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def is_primitive(value: Any) -> bool:
    return not is_object(value) and not is_array(value)


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def truth(value: Any) -> bool:
    """false, 0, NaN, the empty string and null are false; arrays and objects are true, empty ones too."""
    if is_number(value):
        return value != 0 and not math.isnan(value)
    return not is_primitive(value) or bool(value)


def to_number(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, bool | int | float):
        return float(value)
    return _read_number(value.strip()) if isinstance(value, str) else math.nan


def _read_number(text: str) -> float:
    if not text:
        return 0.0
    if text in ("Infinity", "+Infinity", "-Infinity"):
        return float(text)
    base = _BASES.get(text[:2])
    try:
        if base:
            return float(int(text[2:], base))
    except ValueError:
        return math.nan
    return float(text) if _NUMBER.fullmatch(text) else math.nan


def to_text(value: Any) -> str:
    """As a place that wants a string has it."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if is_number(value):
        return _number_text(value)
    return "Object" if is_object(value) else "Array"


def _number_text(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else format(value, ".15g")


def equal(left: Any, right: Any) -> bool:
    """Strings whatever their case; arrays and objects only with themselves; of two kinds, both as numbers."""
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() == right.upper()
    if not is_primitive(left) or not is_primitive(right):
        return left is right
    if left is None and right is None:
        return True
    return to_number(left) == to_number(right)


def greater(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.upper() > right.upper()
    if not is_primitive(left) or not is_primitive(right) or (left is None and right is None):
        return False
    return to_number(left) > to_number(right)


def item(value: Any, key: Any) -> Any:
    """`value.key` or `value[key]`; null for what is not there."""
    if isinstance(value, Filtered):
        return Filtered(found for each in value if (found := item(each, key)) is not None)
    if is_object(value):
        return _property(value, key) if is_primitive(key) else None
    if is_array(value):
        number = to_number(key) if is_primitive(key) else math.nan
        return value[int(number)] if not math.isnan(number) and 0 <= number < len(value) else None
    return None


def _property(value: Mapping[str, Any], key: Any) -> Any:
    name = to_text(key)
    if name in value or isinstance(value, CaseSensitive):
        return value.get(name)
    return next((found for each, found in value.items() if each.upper() == name.upper()), None)


def items(value: Any) -> Filtered:
    """`value.*`"""
    if isinstance(value, Filtered):
        return Filtered(below for each in value for below in items(each))
    if is_object(value):
        return Filtered(value.values())
    return Filtered(value if is_array(value) else ())
