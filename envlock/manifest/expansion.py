"""What the files that `from` names say, put into the tables that name them."""

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from envlock.interchange.addresses import Surroundings, index_url
from envlock.interchange.moved_spec import moved
from envlock.interchange.pip.requirement_lines import Reading
from envlock.interchange.written import REFUSED, Written
from envlock.manifest.layer import Layer
from envlock.manifest.layers import Node, noted, rebased
from envlock.manifest.taken import conda_source, pip_source, written_in
from envlock.model.fields import Item, Table
from envlock.model.place import Place
from envlock.model.toml_lines import KeyPath
from envlock.system.text_file import display

_INTO: dict[str, KeyPath] = {
    "conda": ("conda", "dependencies"),
    "channel": ("conda", "channels"),
    "editable": ("pip", "editable"),
    # everything is solved together: what limits one group limits all
    "constraint": ("pip", "constraints"),
}
_UNNAMED = "an index has a name here, by which its credentials go: write it into [[pip.indexes]] too"


class Expansion:
    """Expands layer after layer; `files` were read for it, `findings` are what is wrong in them."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self.files: list[Path] = []
        self.findings: list[tuple[Place, str]] = []
        self._indexes: list[Written] = []

    def expanded(self, layer: Layer) -> Node:
        """A layer with all that it takes from others, its paths as seen from where env.toml lies."""
        node = noted(rebased(layer.values, _folder(layer.path, self._home)), layer.document)
        node.value.pop("extends", None)
        channels = _at(node, ("conda", "channels")) is not None
        for table in layer.taking():
            _table(node, table.path).pop("from", None)
            for written in self._written(layer, table):
                if not (written.kind == "channel" and channels):
                    self._put(node, written, table.path)
        return node

    def unnamed_indexes(self, root: Any) -> Iterator[tuple[Place, str]]:
        """Those of requirement files that env.toml, as raw values, gives no name to."""
        tables = root.get("pip", {}).get("indexes", []) if isinstance(root.get("pip"), dict) else []
        known = (
            {_url(table.get("url")) for table in tables if isinstance(table, dict)}
            if isinstance(tables, list)
            else set()
        )
        for written in self._indexes:
            if _url(written.text) not in known - {None}:
                yield _place(written), f": {_UNNAMED}"

    def _written(self, layer: Layer, table: Table) -> Iterator[Written]:
        """All that the files of one `from` say."""
        reading, around = Reading(), Surroundings(layer.path.parent)
        for item in _sources(table):
            try:
                around.inside((conda_source if table.path == ("conda",) else pip_source)(item.value))
                yield from written_in(item.value, layer.path.parent, reading)
            except ValueError as error:
                table.document.refuse(item.path, str(error))
        self.files += reading.files

    def _put(self, node: Node, written: Written, asker: KeyPath) -> None:
        folder, place = _folder(written.file, self._home), _place(written)
        if written.kind == REFUSED:
            self.findings.append((place, f": {written.text}"))
        elif written.kind == "index":
            self._indexes.append(written)
        elif written.kind == "variable":
            variables = _table(node, ("variables",))
            variables.setdefault(written.name, Node(written.text, place))
        elif written.kind == "editable" and len(asker) > 1:
            self.findings.append((place, ": only the main set has projects that are installed editable"))
        else:
            into = _INTO.get(written.kind) or (*_pip(asker), "dependencies")
            _append(node, into, Node(moved(written.text, folder), place))


def _sources(table: Table) -> tuple[Item, ...]:
    """`from` as a string or an array of strings."""
    if table.is_text("from"):
        text = table.text("from")
        return () if text is None else (Item(table.at("from"), text),)
    return table.texts("from", filled=True) or ()


def _pip(asker: KeyPath) -> KeyPath:
    return ("pip",) if asker == ("conda",) else asker


def _place(written: Written) -> Place:
    return Place(display(written.file), written.line)


def _folder(file: Path, home: Path) -> str:
    return posixpath.normpath(Path(os.path.relpath(file.parent, home)).as_posix())


def _url(text: object) -> str | None:
    try:
        return index_url(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _at(node: Node, path: KeyPath) -> Node | None:
    found: Node | None = node
    for key in path:
        found = found.value.get(key) if found and isinstance(found.value, dict) else None
    return found


def _table(node: Node, path: KeyPath) -> dict[str | int, Any]:
    """The table at a path, made where it is missing; one that is thrown away where something else stands there."""
    table: dict[str | int, Any] = node.value
    for key in path:
        inner = table.setdefault(key, Node({}, node.origin)).value
        table = inner if isinstance(inner, dict) else {}
    return table


def _append(node: Node, path: KeyPath, item: Node) -> None:
    array = _table(node, path[:-1]).setdefault(path[-1], Node([], item.origin)).value
    if isinstance(array, list):
        array.append(item)
