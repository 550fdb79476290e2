"""Values of several files laid over one another, each remembering where it is written."""

import posixpath
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from packaging.requirements import Requirement

from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.moved_spec import moved
from envlock.interchange.pip.direct import as_path
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.manifest.debian import package_name
from envlock.model.fields import Document
from envlock.model.match_specs import conda_name
from envlock.model.place import Place
from envlock.model.toml_lines import KeyPath

# a key path of a TOML file, or a line of a file of another kind
Origin = tuple[Document, KeyPath] | Place


@dataclass(frozen=True, slots=True)
class Node:
    """A raw value; tables and arrays are of nodes."""

    value: Any
    origin: Origin


def noted(value: Any, document: Document, path: KeyPath = ()) -> Node:
    """A raw value of a TOML document as nodes."""
    inner: Any = value
    if isinstance(value, dict):
        inner = {key: noted(item, document, (*path, key)) for key, item in value.items()}
    elif isinstance(value, list):
        inner = [noted(item, document, (*path, number)) for number, item in enumerate(value)]
    return Node(inner, (document, path))


def plain(node: Node) -> Any:
    """The raw value again."""
    if isinstance(node.value, dict):
        return {key: plain(item) for key, item in node.value.items()}
    return [plain(item) for item in node.value] if isinstance(node.value, list) else node.value


def origins(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, Origin]]:
    """Where each value is written, by its key path."""
    yield path, node.origin
    items = (
        node.value.items()
        if isinstance(node.value, dict)
        else enumerate(node.value)
        if isinstance(node.value, list)
        else ()
    )
    for key, item in items:
        yield from origins(item, (*path, key))


def over(upper: Node, lower: Node, path: KeyPath = ()) -> Node:
    """Tables key by key, dependencies and indexes by name; of everything else, what stands in `upper`."""
    if isinstance(upper.value, dict) and isinstance(lower.value, dict):
        lower = _not_replaced(upper, lower) if path == ("image",) else lower
        both = {
            key: over(item, lower.value[key], (*path, key)) for key, item in upper.value.items() if key in lower.value
        }
        return Node({**lower.value, **upper.value, **both}, upper.origin)
    name_of = _NAMED.get(tuple(path[-2:]))
    if name_of and isinstance(upper.value, list) and isinstance(lower.value, list):
        names = {_name(item, name_of) for item in upper.value} - {None}
        return Node([*upper.value, *(item for item in lower.value if _name(item, name_of) not in names)], upper.origin)
    return upper


def _not_replaced(upper: Node, lower: Node) -> Node:
    """What of `[image]` stands beside what is written above it: an image has one base."""
    replaced = {key for key, others in _IN_PLACE_OF.items() if key in upper.value for key in others}
    return Node({key: item for key, item in lower.value.items() if key not in replaced}, lower.origin)


def _name(item: Node, name_of: Callable[[Any], Hashable]) -> Hashable:
    """What a requirement is about; None where it is no requirement, which is said elsewhere."""
    try:
        name = name_of(plain(item))
        return name if isinstance(name, str) else None
    except (ValueError, TypeError, AttributeError):
        return None


_NAMED: dict[tuple[str | int, ...], Callable[[Any], Hashable]] = {
    ("conda", "dependencies"): lambda text: conda_name(normalized_spec(text)),
    ("pip", "dependencies"): lambda text: Requirement(normalized_requirement(text)).name,
    ("pip", "constraints"): lambda text: Requirement(normalized_requirement(text)).name,
    ("pip", "editable"): lambda text: as_path(text.partition("[")[0]),
    ("pip", "indexes"): lambda table: table.get("name"),
    ("debian", "packages"): package_name,
}
_IN_PLACE_OF = {
    "debian": ("base", "interpreter", "dockerfile"),
    "base": ("debian", "dockerfile"),
    "dockerfile": ("base", "debian"),
}


def rebased(value: Any, folder: str, path: KeyPath = ()) -> Any:
    """A raw value of a file in `folder`, its relative paths made to start where env.toml lies."""
    if isinstance(value, dict):
        return {key: rebased(item, folder, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [rebased(item, folder, (*path, number)) for number, item in enumerate(value)]
    keys = tuple(key for key in path if isinstance(key, str))
    if not isinstance(value, str) or folder == ".":
        return value
    move = _MOVED.get(keys) or _MOVED.get(keys[-1:])
    return move(value, folder) if move else value


def _base(text: str, folder: str) -> str:
    return f"oci:{posixpath.normpath(posixpath.join(folder, text[4:]))}" if text.startswith("oci:") else text


def _file(text: str, folder: str) -> str:
    # an absolute path is refused, as it is written
    return text if text.startswith("/") else as_path(posixpath.join(folder, text))


# by key path, or by the last key alone
_MOVED: dict[tuple[str, ...], Callable[[str, str], str]] = {
    ("image", "base"): _base,
    **dict.fromkeys((("image", "debian", "keys"), ("image", "dockerfile"), ("image", "copy")), _file),
    **dict.fromkeys((("image", "debian", "mirror"), ("image", "debian", "snapshot")), moved),
    **dict.fromkeys((("channels",), ("dependencies",), ("editable",)), moved),
}
