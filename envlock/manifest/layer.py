"""One TOML file of those that an env.toml is made of."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envlock.interchange.written import text_of
from envlock.model.fields import Document, Table, not_toml
from envlock.system.text_file import display


@dataclass(frozen=True, slots=True)
class Layer:
    """A TOML file, parsed; what is wrong with its own references to other files is noted in `document`."""

    path: Path
    text: str
    values: dict[str, Any]
    document: Document

    @property
    def reaches_out(self) -> bool:
        """Does it take anything from other files?"""
        return "extends" in self.values or any("from" in values for _, values in self._wants())

    def taking(self) -> Iterator[Table]:
        """The tables that have `from`: `conda`, and `pip` wherever it stands."""
        for path, values in self._wants():
            if "from" in values:
                yield self.document.opened(path, values)

    def _wants(self) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
        paths: list[tuple[str, ...]] = [("conda",), ("pip",)]
        for key in ("groups", "platform"):
            names = self.values.get(key)
            paths += [(key, name, "pip") for name in names] if isinstance(names, dict) else []
        for path in paths:
            table: Any = self.values
            for key in path:
                table = table.get(key) if isinstance(table, dict) else None
            if isinstance(table, dict):
                yield path, table


def layer_of(path: Path) -> Layer:
    """ValueError where there is no such file, or no TOML in it."""
    text, name = text_of(path), display(path)
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(not_toml(name, text, error).message) from None
    return Layer(path, text, values, Document(name, text, values))
