"""`init --from`: an environment that is made of another, or of another tool's file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from envlock.cli.command import Session
from envlock.cli.import_lines import import_lines
from envlock.errors import escaped
from envlock.workflows.context import Context
from envlock.workflows.import_asked import ANYTHING, ImportOptions
from envlock.workflows.later_import import clone, curated_named, import_environment
from envlock.workflows.project import CURATED, MANIFEST

if TYPE_CHECKING:
    from envlock.workflows.clone import Cloned


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A new environment: what it is made of, its name and folder, and what else was given on the command line."""

    origin: str
    name: str | None
    folder: Path
    flags: dict[str, Any]

    def refuse(self, *names: str) -> None:
        """UsageError where one of these options was given."""
        given = next((name for name in names if self.flags[name]), None)
        if given:
            raise click.UsageError(f"`--{given}` does not go with `--from`: edit env.toml, or use `envlock add`")


def init_from(session: Session, wish: Wish) -> None:
    """Makes an environment of a file or folder of another tool, of an environment here, at another time or in another
    repository, or one that comes with envlock."""
    wish.refuse("conda", "pip", "channel")
    with session.context() as context:
        lines = list(_made(session, wish, context))
    for line in lines:
        session.console.note(line)


def _made(session: Session, wish: Wish, context: Context) -> Iterator[str]:
    path = Path(wish.origin)
    if path.exists() and not (path / MANIFEST).exists() and path.name != MANIFEST:
        options = ImportOptions(name=wish.name, python=wish.flags["python"], base=wish.flags["base"])
        return import_lines(import_environment(path, wish.folder, context, ANYTHING, options))
    wish.refuse("python", "base")
    named = wish.origin.startswith(CURATED)
    origin = curated_named(wish.origin) if named else session.environment(wish.origin, context, locked=False)
    return _cloned(clone(origin, wish.folder, wish.name, context))


def _cloned(cloned: "Cloned") -> Iterator[str]:
    yield f"wrote {', '.join(os.path.relpath(file) for file in cloned.written)}"
    yield from (f"note: {escaped(problem.message)}" for problem in cloned.problems)
    if not cloned.locked or cloned.problems:
        yield "next: `envlock lock` chooses versions"
