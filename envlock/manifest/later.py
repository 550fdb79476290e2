"""What only some manifests need, loaded by those: the one place of `manifest` for late imports."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envlock.interchange.addresses import Surroundings
    from envlock.interchange.pip.requirement_lines import Reading
    from envlock.interchange.written import Written
    from envlock.manifest.editable import Editable
    from envlock.manifest.layer import Layer
    from envlock.model.fields import Document, Table
    from envlock.model.spec import DebianSpec


def composed(own: "Layer") -> "Document":
    """With what it takes from other files."""
    from envlock.manifest.composition import composed

    return composed(own)


def read_debian(table: "Table", surroundings: "Surroundings") -> "DebianSpec":
    from envlock.manifest.debian import read_debian

    return read_debian(table, surroundings)


def plain_requirement(text: str) -> str:
    from envlock.model.debian_relations import plain_requirement

    return plain_requirement(text)


def read_editable(table: "Table", surroundings: "Surroundings") -> "tuple[Editable, ...]":
    from envlock.manifest.editable import read_editable

    return read_editable(table, surroundings)


def read_environment_yml(path: Path, text: str, reading: "Reading") -> "Iterator[Written]":
    """By a YAML library."""
    from envlock.interchange.conda.environment_file import read_environment_yml

    return read_environment_yml(path, text, reading)
