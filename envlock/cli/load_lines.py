"""What was loaded, in lines and as JSON; and the question before something is replaced."""

import os
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import click

from envlock.cli.settings import is_terminal
from envlock.cli.text import number
from envlock.errors import UserInputError, escaped
from envlock.model.words import listed

if TYPE_CHECKING:
    from envlock.workflows.load import Loaded
    from envlock.workflows.load_placing import Placing


def agreement(*, overwrite: bool) -> Callable[["Placing"], None]:
    """Asks a person at a terminal; elsewhere it is refused, but where it was said before."""

    def agreed(placing: "Placing") -> None:
        if overwrite:
            return
        where = os.path.relpath(placing.target)
        what = "\n".join(_changes(placing))
        if not is_terminal(sys.stdin):
            raise UserInputError(f"`{where}` has another environment\n{what}", hint="`--overwrite` replaces it")
        click.echo(escaped_lines(f"in {where}:\n{what}"), err=True)
        click.confirm("replace it?", abort=True, err=True)

    return agreed


def escaped_lines(text: str) -> str:
    return "\n".join(escaped(line) for line in text.splitlines())


def _changes(placing: "Placing") -> Iterator[str]:
    if placing.replaced:
        yield f"  to be replaced: {listed(placing.replaced)}"
    if placing.removed:
        yield f"  to be removed: {listed(placing.removed)}"


def load_lines(loaded: "Loaded") -> Iterator[str]:
    """Where it is, what is in the cache, what was edited, and why its lock does not answer."""
    count = number(len(loaded.placed.files), "file")
    yield f"loaded {loaded.name} to {os.path.relpath(loaded.project.folder)}: {count}"
    if loaded.placed.removed:
        yield f"removed what was left of the former one: {escaped(listed(loaded.placed.removed))}"
    if loaded.platforms:
        yield f"its packages for {', '.join(loaded.platforms)} are verified, and in the cache"
    yield from (f"note: {escaped(note)}" for note in loaded.notes)
    if loaded.problems:
        yield "the lock does not answer env.toml; `envlock lock` mends it:"
        yield from (f"  {escaped(problem.message)}" for problem in loaded.problems)


def load_json(loaded: "Loaded") -> dict[str, Any]:
    return {
        "name": loaded.name,
        "folder": str(loaded.project.folder),
        "files": sorted(loaded.placed.files),
        "replaced": [*loaded.placed.replaced],
        "removed": [*loaded.placed.removed],
        "packages": [*loaded.platforms],
        "notes": [*loaded.notes],
        "problems": [problem.message for problem in loaded.problems],
    }
