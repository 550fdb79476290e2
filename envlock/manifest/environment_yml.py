"""environment.yml, read as a graph of nodes: so that every value has its line, and nothing in it is carried out."""

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from envlock.manifest.requirement_lines import Reading
from envlock.manifest.written import Written, refused

# what tools write behind a dependency for one platform alone; conda itself takes it for a comment
_SELECTOR = re.compile(r"# ?\[ ?(?:not )?(?:linux|osx|win|unix|x86|arm|aarch|ppc)[^\]#]{0,80}\]")
_STRING, _NUMBERS = "tag:yaml.org,2002:str", ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
# they belong to one machine: environments have their name and place from env.toml and from who installs them
_NOT_TAKEN = ("name", "prefix")


class Wrong(Exception):
    """Something at a line that cannot be taken over."""

    def __init__(self, node: Node | None, why: str) -> None:
        super().__init__(why)
        self.line: int | None = node.start_mark.line + 1 if node is not None else None


def read_environment_yml(path: Path, text: str, reading: Reading) -> Iterator[Written]:
    """Its channels, dependencies and variables; what cannot be taken over comes as `refused`, nothing is left out."""
    for number, line in enumerate(text.split("\n"), start=1):
        if _SELECTOR.search(line):
            yield refused(
                path, number, "selectors are comments to conda: write it into [platform.NAME.conda] of env.toml"
            )
    try:
        for key, value in _pairs(_graph(text)):
            if key.value not in _NOT_TAKEN:
                yield from _part(key)(value, path, reading)
    except Wrong as wrong:
        yield refused(path, wrong.line, str(wrong))


def _graph(text: str) -> Node:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it is about anchors that are written twice, which YAML allows
            graph: Node | None = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        wrong = Wrong(None, f"not valid YAML: {error.problem or error.context}")
        wrong.line = mark.line + 1 if mark else None
        raise wrong from None
    except RecursionError:
        raise Wrong(None, "not valid YAML: nested too deeply") from None
    except (YAMLError, ValueError) as error:
        raise Wrong(None, f"not valid YAML: {str(error).splitlines()[0]}") from None
    if graph is None:
        raise Wrong(None, "expected `dependencies`, got an empty file")
    return graph


def _part(key: Node) -> Callable[[Node, Path, Reading], Iterator[Written]]:
    read = _PARTS.get(key.value)
    if not read:
        raise Wrong(key, f"`{key.value}` cannot be taken over: write what it means into env.toml")
    return read


def _channels(node: Node, path: Path, _reading: Reading) -> Iterator[Written]:
    for item in _items(node):
        name = _text(item)
        if name == "defaults":
            yield refused(path, _line(item), "`defaults` stands for channels of conda's own settings: name them")
        elif name != "nodefaults":
            yield Written("channel", name, path, _line(item))


def _dependencies(node: Node, path: Path, reading: Reading) -> Iterator[Written]:
    for item in _items(node):
        if not isinstance(item, MappingNode):
            yield Written("conda", _text(item), path, _line(item))
            continue
        for key, value in _pairs(item):
            if key.value != "pip":
                raise Wrong(key, f"expected a dependency or `pip:`, got `{key.value}:`")
            for requirement in _items(value):
                yield from reading.line(_text(requirement).strip(), path, _line(requirement))


def _variables(node: Node, path: Path, _reading: Reading) -> Iterator[Written]:
    for key, value in _pairs(node):
        yield Written("variable", _text(value, _NUMBERS), path, _line(key), key.value)


_PARTS: dict[str, Callable[[Node, Path, Reading], Iterator[Written]]] = {
    "channels": _channels,
    "dependencies": _dependencies,
    "variables": _variables,
}


def _pairs(node: Node) -> Iterator[tuple[ScalarNode, Node]]:
    if _is_nothing(node):
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


def _items(node: Node) -> list[Node]:
    if _is_nothing(node):
        return []
    if not isinstance(node, SequenceNode):
        raise Wrong(node, "expected a list, each item behind `- `")
    items: list[Node] = node.value
    return items


def _is_nothing(node: Node) -> bool:
    return isinstance(node, ScalarNode) and node.tag == "tag:yaml.org,2002:null"


def _text(node: Node, others: tuple[str, ...] = ()) -> str:
    if not isinstance(node, ScalarNode):
        raise Wrong(node, "expected text")
    if node.tag not in (_STRING, *others):
        raise Wrong(node, f"expected text, got `{node.value}`: put it in quotes")
    return str(node.value)


def _line(node: Node) -> int:
    return int(node.start_mark.line) + 1
