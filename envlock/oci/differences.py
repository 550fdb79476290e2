"""How a document of an image differs from the one that was derived, as lines that name the place."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

_SHOWN = 80  # characters of a value
_ABSENT = object()


def differences(found: Any, expected: Any, path: str) -> Iterator[str]:
    """Lines such as "`config.User` is "root", expected "1000""; nothing where both are the same."""
    if isinstance(found, Mapping) and isinstance(expected, Mapping):
        for key in sorted(found.keys() | expected.keys()):
            below = f"{path}.{key}" if path else key
            yield from differences(found.get(key, _ABSENT), expected.get(key, _ABSENT), below)
    elif _variables(found, path) and _variables(expected, path):
        yield from _of_variables(found, expected, path)
    elif type(found) is not type(expected) or found != expected:
        yield f"`{path}` is {_shown(found)}, expected {_shown(expected)}"


def _variables(value: Any, path: str) -> bool:
    """Is it a list of NAME=value, as configs have it?"""
    is_list = path.endswith(".Env") and isinstance(value, list)
    return is_list and all(isinstance(each, str) and "=" in each for each in value)


def _of_variables(found: list[str], expected: list[str], path: str) -> Iterator[str]:
    if found == expected:
        return
    ours, theirs = (dict(each.split("=", 1) for each in one) for one in (expected, found))
    lines = [*differences(theirs, ours, path)]
    yield from lines or [f"`{path}` has its variables in another order, or one of them twice"]


def _shown(value: Any) -> str:
    if value is _ABSENT:
        return "absent"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
