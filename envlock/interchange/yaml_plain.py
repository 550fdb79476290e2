"""YAML of locks, which have many megabytes: by libyaml, forty times as fast as what reads a person's files.

Everything is text as it stands: `4.10`, `no` and `2024-01-01` are no numbers, truth values or dates here.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from envlock.interchange.yaml_nodes import Wrong

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_DEEPEST = 100  # libyaml's own tree has no bound, and ends the process: so the tree is made here
_NOTHING = ("", "null", "Null", "NULL", "~")


class Mapping(dict[str, "Value"]):
    """A mapping and its line; its values are all text, None, lists and mappings."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


Value = str | None | list["Value"] | Mapping


def document(text: str) -> Mapping:
    """The mapping that a text is; Wrong where it is none."""
    try:
        found = _Reader(yaml.parse(text, Loader=_LOADER), left=2 * len(text) + 1).document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise _wrong(mark.line + 1 if mark else None, f"not valid YAML: {error.problem or error.context}") from None
    except (yaml.YAMLError, UnicodeError) as error:
        raise _wrong(None, f"not valid YAML: {str(error).splitlines()[0]}") from None
    if not isinstance(found, Mapping):
        raise _wrong(1, "expected `key: value`")
    return found


@dataclass(slots=True)
class _Reader:
    """Values of events. What is named by an alias counts each time: `left` bounds what that can come to."""

    events: Iterator[Any]
    left: int
    anchors: dict[str, tuple[Value, int]] = field(default_factory=dict)

    def document(self) -> Value:
        nodes = (event for event in self.events if isinstance(event, yaml.NodeEvent))
        first = next(nodes, None)
        if first is None:
            raise _wrong(None, "the file is empty")
        found = self._value(first, 1)
        if another := next(nodes, None):
            raise _wrong(_line(another), "not valid YAML: a second document in one file")
        return found

    def _value(self, event: yaml.NodeEvent, depth: int) -> Value:
        """The value that begins with an event, as far as its end."""
        if isinstance(event, yaml.AliasEvent):
            return self._named(event)
        before = self.left
        self._spend(1, event)
        if depth > _DEEPEST:
            raise _wrong(_line(event), "not valid YAML: nested too deeply")
        found = self._inside(event, depth)
        if event.anchor:
            self.anchors[event.anchor] = found, before - self.left
        return found

    def _inside(self, event: yaml.NodeEvent, depth: int) -> Value:
        if isinstance(event, yaml.ScalarEvent):
            return None if event.implicit[0] and event.value in _NOTHING else str(event.value)
        if isinstance(event, yaml.SequenceStartEvent):
            return [self._value(each, depth + 1) for each in self._until(yaml.SequenceEndEvent)]
        found = Mapping(_line(event))
        for key in self._until(yaml.MappingEndEvent):
            if not isinstance(key, yaml.ScalarEvent):
                raise _wrong(_line(key), "expected a name before `:`")
            if key.value in found:
                raise _wrong(_line(key), f"`{key.value}` stands there twice")
            found[key.value] = self._value(next(self.events), depth + 1)
        return found

    def _until(self, end: type[yaml.Event]) -> Iterator[Any]:
        return itertools.takewhile(lambda event: not isinstance(event, end), self.events)

    def _named(self, event: yaml.AliasEvent) -> Value:
        if event.anchor not in self.anchors:
            raise _wrong(_line(event), f"not valid YAML: nothing before it is called `{event.anchor}`")
        found, size = self.anchors[event.anchor]
        self._spend(size, event)
        return found

    def _spend(self, size: int, event: yaml.Event) -> None:
        self.left -= size
        if self.left < 0:
            raise _wrong(_line(event), "its aliases make it too large")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _wrong(line: int | None, why: str) -> Wrong:
    wrong = Wrong(None, why)
    wrong.line = line
    return wrong


def text_of(block: Mapping, key: str) -> str:
    """A text that has to be there; Wrong where it is not."""
    value = optional_text(block, key)
    if not value:
        raise _wrong(block.line, f"`{key}` is missing")
    return value


def optional_text(block: Mapping, key: str) -> str | None:
    value = block.get(key)
    if value is not None and not isinstance(value, str):
        raise _wrong(block.line, f"`{key}`: expected text")
    return value


def mapping_of(block: Mapping, key: str) -> Mapping:
    """A mapping; an empty one where nothing is there."""
    value = block.get(key)
    if value is not None and not isinstance(value, Mapping):
        raise _wrong(block.line, f"`{key}`: expected `key: value`")
    return value if value is not None else Mapping(block.line)


def texts_of(block: Mapping, key: str) -> list[str]:
    values = _list_of(block, key)
    found = [value for value in values if isinstance(value, str)]
    if len(found) != len(values):
        raise _wrong(block.line, f"`{key}`: expected texts")
    return found


def mappings_of(block: Mapping, key: str) -> Iterator[Mapping]:
    for value in _list_of(block, key):
        if not isinstance(value, Mapping):
            raise _wrong(block.line, f"`{key}`: expected `key: value` behind each `-`")
        yield value


def _list_of(block: Mapping, key: str) -> list[Value]:
    value = block.get(key)
    if value is not None and not isinstance(value, list):
        raise _wrong(block.line, f"`{key}`: expected a list, each item behind `- `")
    return value or []


def wrong_at(block: Mapping, why: str) -> Wrong:
    """Something about a mapping that cannot be taken over."""
    return _wrong(block.line, why)
