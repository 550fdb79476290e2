"""Mappings of environment.yml as conda's own reader takes them: merge keys, and the last of a key written twice."""

from dataclasses import dataclass

from envlock.interchange.yaml_nodes import MappingNode, Node, ScalarNode, SequenceNode, Wrong, is_nothing

_MERGE = "tag:yaml.org,2002:merge"
_DEEPEST = 16
_Values = dict[str, tuple[ScalarNode, Node]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The values of a mapping with their keys, and the keys that another one of the same name outdoes."""

    of: _Values
    outdone: tuple[ScalarNode, ...] = ()


def keys_of(node: Node) -> Keys:
    """Wrong where a key is no name, or what is merged is no mapping."""
    return _keys(node, {}, 0)


def _keys(node: Node, known: dict[int, Keys], depth: int) -> Keys:
    if is_nothing(node):
        return Keys(of={})
    if not isinstance(node, MappingNode):
        raise Wrong(node, "expected `key: value`")
    # an alias may be merged by many, which each are merged by many
    if id(node) not in known:
        known[id(node)] = _read(node, known, depth)
    return known[id(node)]


def _read(node: MappingNode, known: dict[int, Keys], depth: int) -> Keys:
    merged: _Values = {}
    own: _Values = {}
    outdone: list[ScalarNode] = []
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            raise Wrong(key, "expected a name before `:`")
        if key.tag == _MERGE:
            # what stands in the mapping itself comes first, then the first that is merged
            merged = _merged(value, known, depth) | merged
            continue
        if key.value in own:
            outdone.append(own[key.value][0])
        own[key.value] = (key, value)
    return Keys(of=merged | own, outdone=tuple(outdone))


def _merged(node: Node, known: dict[int, Keys], depth: int) -> _Values:
    if depth > _DEEPEST:
        raise Wrong(node, "mappings are merged into one another too deeply")
    each = node.value if isinstance(node, SequenceNode) else [node]
    if len(each) > _DEEPEST:
        raise Wrong(node, "too many mappings are merged")
    found: _Values = {}
    for one in each:
        found = _keys(one, known, depth + 1).of | found
    return found
