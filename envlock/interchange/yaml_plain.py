"""YAML as programs write it, read fast: blocks, names, texts on one line. What is none of that is left to `yaml_nodes`.

Locks of many megabytes are written in no more than this, and a reader of all that YAML has takes a minute for one.
Everything is text as it stands: `4.10`, `no` and `2024-01-01` are no numbers, truth values or dates here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from envlock.interchange.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, Wrong, graph, line_of

_LINE = re.compile(
    r"(?P<indent> *)(?P<dash>- +)?"
    r"(?:(?P<key>[A-Za-z0-9_./][^\s:#'\"\[\]{},&*!|>%@`]*|'[^'\t]*'):(?: +(?P<value>\S.*))?|(?P<item>\S.*))\Z"
)
_QUOTED = re.compile(r"'((?:[^']|'')*)'|\"([^\"\\]*)\"")
_NOTHING = ("null", "Null", "NULL", "~")
# what begins something that is no plain text
_SIGNS = frozenset("[]{}&*!|>'\"%@`#,")


class Mapping(dict[str, "Value"]):
    """A mapping and its line; its values are all text, None, lists and mappings."""

    __slots__ = ("line",)

    def __init__(self, line: int) -> None:
        super().__init__()
        self.line = line


Value = str | None | list["Value"] | Mapping


class _Strange(Exception):
    """This needs a reader of all that YAML has."""


def document(text: str) -> Mapping:
    """The mapping that a text is; Wrong where it is none."""
    try:
        return _Blocks().read(text)
    except _Strange:
        found = _Converted(len(text)).value(graph(text))
        if isinstance(found, Mapping):
            return found
    raise _wrong(1, "expected `key: value`")


@dataclass(slots=True)
class _Blocks:
    """What is open at a line: each block with its indentation, the innermost last; `pending` is a key that had nothing
    behind it, with its indentation: its value follows, or there is none."""

    open: list[tuple[int, Mapping | list[Value]]] = field(default_factory=list)
    pending: tuple[int, Mapping, str] | None = None

    def read(self, text: str) -> Mapping:
        root = Mapping(1)
        self.open.append((0, root))
        for number, line in enumerate(text.split("\n"), start=1):
            bare = line.strip(" ")
            if bare and not bare.startswith("#"):
                self._line(line.rstrip(" "), number)
        if not root:
            raise _Strange
        return root

    def _line(self, line: str, number: int) -> None:
        found = _LINE.match(line)
        if not found or "\t" in line:
            raise _Strange
        indent, dash, key = len(found["indent"]), found["dash"], found["key"]
        if dash:
            items = self._list(indent)
            if key is None:
                items.append(_scalar(found["item"]))
                return
            indent += len(dash)
            block = Mapping(number)
            items.append(block)
            self.open.append((indent, block))
        elif key is None:
            raise _Strange
        else:
            block = self._mapping(indent, number)
        self._pair(block, key.strip("'"), found["value"], indent, number)

    def _pair(self, block: Mapping, key: str, value: str | None, indent: int, number: int) -> None:
        if key in block:
            raise _wrong(number, f"`{key}` stands there twice")
        block[key] = None if value is None else _scalar(value)
        self.pending = (indent, block, key) if value is None else None

    def _list(self, indent: int) -> list[Value]:
        """The list whose items have this indentation: as it is open, or as the value of the key before."""
        if self.pending and indent >= self.pending[0]:
            items: list[Value] = []
            self._open_block(indent, items)
            return items
        self._close(indent)
        found = self.open[-1]
        if found[0] != indent or not isinstance(found[1], list):
            raise _Strange
        return found[1]

    def _mapping(self, indent: int, number: int) -> Mapping:
        if self.pending and indent > self.pending[0]:
            block = Mapping(number)
            self._open_block(indent, block)
            return block
        self._close(indent)
        if isinstance(self.open[-1][1], list):
            self.open.pop()  # a list may stand as far to the left as the key that it belongs to
        found = self.open[-1] if self.open else (-1, [])
        if found[0] != indent or not isinstance(found[1], Mapping):
            raise _Strange
        return found[1]

    def _open_block(self, indent: int, block: Mapping | list[Value]) -> None:
        """As the value of the key before."""
        if self.pending:
            _, parent, key = self.pending
            parent[key] = block
        self.open.append((indent, block))
        self.pending = None

    def _close(self, indent: int) -> None:
        self.pending = None
        while len(self.open) > 1 and self.open[-1][0] > indent:
            self.open.pop()


def _scalar(text: str) -> Value:
    """What stands behind a key or `- `, on its line."""
    if text in ("[]", "{}"):
        return [] if text == "[]" else Mapping(0)
    if quoted := _QUOTED.fullmatch(text):
        return quoted[2] if quoted[1] is None else quoted[1].replace("''", "'")
    sign = text[0] in "-?:" and text[1:2] in ("", " ")
    if sign or text[0] in _SIGNS or ": " in text or " #" in text or text.endswith(":") or not text.isprintable():
        raise _Strange
    return None if text in _NOTHING else text


@dataclass(slots=True)
class _Converted:
    """A graph as the same values. What is named by an alias counts each time: `left` bounds what that can come to."""

    left: int

    def value(self, node: Node) -> Value:
        self.left -= 1
        if self.left < 0:
            raise Wrong(node, "its aliases make it too large")
        if isinstance(node, SequenceNode):
            return [self.value(item) for item in node.value]
        if isinstance(node, MappingNode):
            return self._mapping(node)
        return None if node.tag == "tag:yaml.org,2002:null" else str(node.value)

    def _mapping(self, node: MappingNode) -> Mapping:
        found = Mapping(line_of(node))
        for key, value in node.value:
            if not isinstance(key, ScalarNode):
                raise Wrong(key, "expected a name before `:`")
            if key.value in found:
                raise Wrong(key, f"`{key.value}` stands there twice")
            found[str(key.value)] = self.value(value)
        return found


def _wrong(line: int, why: str) -> Wrong:
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
