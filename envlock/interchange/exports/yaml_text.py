"""YAML that every reader takes for the same: those of 1.1 and of 1.2 disagree on numbers, dates and truth values.

So all text is quoted but for plain words, which no version of YAML takes for anything else; libraries quote what one
of the versions would misread. Told what to quote, ruamel.yaml writes the same bytes, and takes forty times as long: for
a lock of 4,000 packages six seconds.
"""

import re
from collections.abc import Iterator, Mapping, Sequence

Value = str | int | bool | Sequence["Value"] | Mapping[str, "Value"]

# begins with a letter or `_`: so it is no number, date, tag or sign; no `: ` and no ` #` in it
_PLAIN = re.compile(r"[A-Za-z_](?:[\w./@+=<>!~*,%&?|()-]|:(?=\S)|(?<=\S)#| (?=[^\s#:]))*", re.ASCII)
_WORDS = {"y", "n", "yes", "no", "on", "off", "true", "false", "null"}


def yaml_text(document: Mapping[str, Value]) -> str:
    """A document: mappings in their order, lists at the margin of their key, one value a line."""
    return "".join(f"{line}\n" for line in _mapping(document))


def _mapping(mapping: Mapping[str, Value]) -> Iterator[str]:
    for key, value in mapping.items():
        if isinstance(value, str | int) or not value:
            yield f"{_scalar(key)}: {_inline(value)}"
            continue
        yield f"{_scalar(key)}:"
        if isinstance(value, Mapping):
            yield from (f"  {line}" for line in _mapping(value))
        else:
            yield from _items(value)


def _items(values: Sequence[Value]) -> Iterator[str]:
    for value in values:
        first, *rest = _mapping(value) if isinstance(value, Mapping) and value else [_inline(value)]
        yield f"- {first}"
        yield from (f"  {line}" for line in rest)


def _inline(value: Value) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str():
            return _scalar(value)
        case Mapping():
            return "{}"
    return "[]"


def _scalar(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith(":")
    return text if plain else f'"{"".join(map(_escaped, text))}"'


def _escaped(character: str) -> str:
    if character in '\\"':
        return f"\\{character}"
    return character if character.isprintable() else f"\\U{ord(character):08x}"
