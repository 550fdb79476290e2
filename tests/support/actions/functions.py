"""The functions that every expression has, and `hashFiles`."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.actions.lexer import ExpressionError
from tests.support.actions.values import equal, is_array, is_primitive, to_text

_PLACE = re.compile(r"\{\{|\}\}|\{(\d+)\}|[{}]")


def contains(search: Any, wanted: Any) -> bool:
    if is_array(search):
        return any(equal(each, wanted) for each in search)
    return is_primitive(search) and is_primitive(wanted) and to_text(wanted).lower() in to_text(search).lower()


def starts_with(text: Any, start: Any) -> bool:
    return is_primitive(text) and is_primitive(start) and to_text(text).lower().startswith(to_text(start).lower())


def ends_with(text: Any, end: Any) -> bool:
    return is_primitive(text) and is_primitive(end) and to_text(text).lower().endswith(to_text(end).lower())


def formatted(text: Any, *given: Any) -> str:
    def replace(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] is None:
            raise ExpressionError(f"The following format string is invalid: {to_text(text)}")
        if int(found[1]) >= len(given):
            raise ExpressionError(f"The following format string references more arguments than were supplied: {text}")
        return to_text(given[int(found[1])])

    return _PLACE.sub(replace, to_text(text))


def joined(array: Any, separator: Any = ",") -> str:
    if is_array(array):
        return (to_text(separator) if is_primitive(separator) else ",").join(map(to_text, array))
    return to_text(array) if is_primitive(array) else ""


def to_json(value: Any) -> str:
    return json.dumps(_plain(value), indent=2, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """Whole numbers are written without a point."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if is_array(value) else value


def from_json(text: Any) -> Any:
    try:
        return json.loads(to_text(text))
    except ValueError as error:
        raise ExpressionError(f"Error parsing fromJson: {error}") from error


FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "contains": contains,
    "startsWith": starts_with,
    "endsWith": ends_with,
    "format": formatted,
    "join": joined,
    "toJSON": to_json,
    "fromJSON": from_json,
}


def hash_files(workspace: Path, *patterns: Any) -> str:
    """SHA-256 of the SHA-256 of each file that matches, "" where none does; `!` takes files out again."""
    digests = [hashlib.sha256(path.read_bytes()).digest() for path in _matching(workspace, patterns)]
    return hashlib.sha256(b"".join(digests)).hexdigest() if digests else ""


def _matching(workspace: Path, patterns: Sequence[Any]) -> Iterator[Path]:
    found: dict[Path, None] = {}
    for line in "\n".join(map(to_text, patterns)).splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        matched = sorted(path for path in workspace.glob(pattern.removeprefix("!")) if path.is_file())
        if pattern.startswith("!"):
            found = {path: None for path in found if path not in set(matched)}
        else:
            found.update(dict.fromkeys(matched))
    return iter(found)
