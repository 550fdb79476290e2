"""YAML, read as a graph of nodes: so that every value has its line, and nothing in it is carried out."""

import warnings
from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

__all__ = ["MappingNode", "Node", "ScalarNode", "SequenceNode"]

_STRING = "tag:yaml.org,2002:str"
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class Wrong(Exception):
    """Something at a line that cannot be taken over."""

    def __init__(self, node: Node | None, why: str) -> None:
        super().__init__(why)
        self.line: int | None = line_of(node) if node is not None else None


def graph(text: str) -> Node:
    """The document of a text; Wrong where it is no YAML, or empty."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is about anchors that are written twice, which YAML allows
            found: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        wrong = Wrong(None, f"not valid YAML: {error.problem or error.context}")
        wrong.line = mark.line + 1 if mark else None
        raise wrong from None
    except RecursionError:
        raise Wrong(None, "not valid YAML: nested too deeply") from None
    except (YAMLError, ValueError) as error:
        raise Wrong(None, f"not valid YAML: {str(error).splitlines()[0]}") from None
    if found is None:
        raise Wrong(None, "the file is empty")
    return found


def pairs(node: Node) -> Iterator[tuple[ScalarNode, Node]]:
    """The keys and values of a mapping, none of what is empty; Wrong where a key is no name, or stands there twice."""
    if is_nothing(node):
        return
    if not isinstance(node, MappingNode):
        raise Wrong(node, "expected `key: value`")
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise Wrong(key, "expected a name before `:`")
        if key.value in seen:
            raise Wrong(key, f"`{key.value}` stands there twice")
        seen.add(key.value)
        yield key, value


def items(node: Node) -> list[Node]:
    """The items of a list, none of what is empty."""
    if is_nothing(node):
        return []
    if not isinstance(node, SequenceNode):
        raise Wrong(node, "expected a list, each item behind `- `")
    found: list[Node] = node.value
    return found


def is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def text_in(node: Node, others: tuple[str, ...] = ()) -> str:
    """The text of a scalar; numbers and truth values are no text, but for the tags of `others`."""
    if not isinstance(node, ScalarNode):
        raise Wrong(node, "expected text")
    if node.tag not in (_STRING, *others):
        raise Wrong(node, f"expected text, got `{node.value}`: put it in quotes")
    return str(node.value)


def line_of(node: Node) -> int:
    return int(node.start_mark.line) + 1
