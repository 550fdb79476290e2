"""One document made of several files: those that `extends` leads to, and those that `from` names."""

from envlock.interchange.addresses import Surroundings
from envlock.manifest.expansion import Expansion
from envlock.manifest.layer import Layer, layer_of
from envlock.manifest.layers import Node, Origin, origins, over, plain
from envlock.model.fields import Document
from envlock.model.place import Place
from envlock.model.toml_lines import KeyPath

# these say something about the one file in which they stand
_NOT_INHERITED = ("name", "description", "workspace")


class Composed(Document):
    """The document of an env.toml together with what it takes from other files; places may be in those."""

    def __init__(self, own: Layer, node: Node) -> None:
        self._origins: dict[KeyPath, Origin] = dict(origins(node))
        super().__init__(own.document.name, own.text, plain(node))

    def place(self, path: KeyPath) -> Place:
        known = next(path[:end] for end in range(len(path), -1, -1) if path[:end] in self._origins)
        origin = self._origins[known]
        if isinstance(origin, Place):
            return origin
        document, start = origin
        return document.place((*start, *path[len(known) :]))

    def in_toml(self, path: KeyPath) -> bool:
        return not isinstance(self._origins.get(path), Place)


def composed(own: Layer) -> Document:
    """The whole; what is wrong with the other files is noted in it."""
    layers = _chain(own)
    expansion = Expansion(own.path.parent)
    node = _inherited(expansion.expanded(layers[-1])) if len(layers) > 1 else expansion.expanded(own)
    for layer in reversed(layers[:-1]):
        upper = expansion.expanded(layer)
        node = over(upper if layer is own else _inherited(upper), node)
    document = Composed(own, node)
    document.note(finding for layer in layers for finding in layer.document.findings())
    document.note((*expansion.findings, *expansion.unnamed_indexes(plain(node))))
    document.read_too += [*(layer.path for layer in layers[1:]), *expansion.files]
    return document


def _chain(own: Layer) -> list[Layer]:
    """An env.toml, the file that it extends, the one that this extends, and so on."""
    layers = [own]
    while "extends" in layers[-1].values:
        layer = layers[-1]
        target = layer.document.root.text("extends", Surroundings(layer.path.parent).manifest)
        if target is None:
            break
        path = layer.path.parent / target
        try:
            if any(path.resolve() == known.path.resolve() for known in layers):
                raise ValueError(f"`{target}` leads back to where it began")
            layers.append(layer_of(path))
        except ValueError as error:
            layer.document.refuse(("extends",), str(error))
            break
    return layers


def _inherited(node: Node) -> Node:
    return Node({key: item for key, item in node.value.items() if key not in _NOT_INHERITED}, node.origin)
