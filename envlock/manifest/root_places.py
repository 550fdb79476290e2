"""Where in env.toml, or in a file that it takes from, each requirement stands."""

from pathlib import Path

from envlock.interchange.addresses import Surroundings
from envlock.manifest.places import asked_for, relative
from envlock.manifest.reader import open_manifest
from envlock.model.place import Place
from envlock.model.toml_lines import KeyPath


def root_places(path: Path) -> dict[tuple[KeyPath, str], Place]:
    """By the table above `conda` and `pip` (`()`, `("groups", "dev")`) and the requirement in its one spelling."""
    found = asked_for(open_manifest(path), Surroundings(path.parent))
    return {(table, need): relative(place, path.parent) for need, table, place in found}
