"""Repositories, opened in one of the two ways; quick to import, for programs that tests start."""

from pathlib import Path

from envlock.history.library import Library
from envlock.history.opened import discovered
from envlock.history.program import Program
from envlock.history.repository import Person, Repository

KIM = Person(name="J. Kim", email="kim@acme.test", time=1_700_000_000, offset=-90)
LABEL = "refs/envlock/labels/train/prod"
WAYS: dict[str, type[Library | Program]] = {"Library": Library, "Program": Program}


def opened(place: Path, by: str | type[Library | Program]) -> Repository:
    """By the library or by the git program."""
    way = WAYS[by] if isinstance(by, str) else by
    found = discovered(place) if way is Library else None
    repository = Library(found) if found else Program.around(place)
    assert repository
    return repository
