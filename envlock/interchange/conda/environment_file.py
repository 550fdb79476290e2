"""environment.yml, as `from` takes it: whatever has no equivalent is refused, with its line."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from envlock.interchange.pip.requirement_lines import Reading
from envlock.interchange.written import Written, refused
from envlock.interchange.yaml_nodes import NUMBERS, MappingNode, Node, Wrong, graph, items, line_of, pairs, text_in

# what tools write behind a dependency for one platform alone; conda itself takes it for a comment
_SELECTOR = re.compile(r"# ?\[ ?(?:not )?(?:linux|osx|win|unix|x86|arm|aarch|ppc)[^\]#]{0,80}\]")
# they belong to one machine: environments have their name and place from env.toml and from who installs them
_NOT_TAKEN = ("name", "prefix")


def read_environment_yml(path: Path, text: str, reading: Reading) -> Iterator[Written]:
    """Its channels, dependencies and variables; what cannot be taken over comes as `refused`, nothing is left out."""
    for number, line in enumerate(text.split("\n"), start=1):
        if _SELECTOR.search(line):
            yield refused(
                path, number, "selectors are comments to conda: write it into [platform.NAME.conda] of env.toml"
            )
    try:
        for key, value in pairs(graph(text)):
            if key.value not in _NOT_TAKEN:
                yield from _part(key)(value, path, reading)
    except Wrong as wrong:
        yield refused(path, wrong.line, str(wrong))


def _part(key: Node) -> Callable[[Node, Path, Reading], Iterator[Written]]:
    read = _PARTS.get(key.value)
    if not read:
        raise Wrong(key, f"`{key.value}` cannot be taken over: write what it means into env.toml")
    return read


def _channels(node: Node, path: Path, _reading: Reading) -> Iterator[Written]:
    for item in items(node):
        name = text_in(item)
        if name == "defaults":
            yield refused(path, line_of(item), "`defaults` stands for channels of conda's own settings: name them")
        elif name != "nodefaults":
            yield Written("channel", name, path, line_of(item))


def _dependencies(node: Node, path: Path, reading: Reading) -> Iterator[Written]:
    for item in items(node):
        if not isinstance(item, MappingNode):
            yield Written("conda", text_in(item), path, line_of(item))
            continue
        for key, value in pairs(item):
            if key.value != "pip":
                raise Wrong(key, f"expected a dependency or `pip:`, got `{key.value}:`")
            for requirement in items(value):
                yield from reading.line(text_in(requirement).strip(), path, line_of(requirement))


def _variables(node: Node, path: Path, _reading: Reading) -> Iterator[Written]:
    for key, value in pairs(node):
        yield Written("variable", text_in(value, NUMBERS), path, line_of(key), key.value)


_PARTS: dict[str, Callable[[Node, Path, Reading], Iterator[Written]]] = {
    "channels": _channels,
    "dependencies": _dependencies,
    "variables": _variables,
}
