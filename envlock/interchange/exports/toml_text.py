"""TOML of what packaging's values hold: tables, arrays of tables, and in these inline tables, one a line."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from envlock.model.toml_strings import basic_string


def toml_text(document: Mapping[str, Any]) -> str:
    """A document whose values are plain, or lists of tables: these come last."""
    tables = {key: value for key, value in document.items() if _are_tables(value)}
    head = {key: value for key, value in document.items() if key not in tables}
    blocks = ["\n".join(_lines(head))]
    blocks += [f"[[{key}]]\n" + "\n".join(_lines(table)) for key, rows in tables.items() for table in rows]
    return "\n\n".join(blocks) + "\n"


def _are_tables(value: Any) -> bool:
    return isinstance(value, list | tuple) and bool(value) and isinstance(value[0], Mapping)


def _lines(table: Mapping[str, Any]) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, list | tuple) and value:
            yield f"{key} = ["
            yield from (f"    {_value(item)}," for item in value)
            yield "]"
        else:
            yield f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case Mapping():
            return f"{{ {', '.join(f'{key} = {_value(inner)}' for key, inner in value.items())} }}"
        case str():
            return _string(value)
        case Sequence():
            return f"[{', '.join(map(_value, value))}]"
    raise TypeError(f"no TOML for {type(value).__name__}")


def _string(text: str) -> str:
    if '"' in text and text.isprintable() and "'" not in text:
        return f"'{text}'"
    return basic_string(text)
