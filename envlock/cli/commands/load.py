"""`envlock load`"""

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.import_lines import import_lines
from envlock.cli.load_lines import agreement, load_json, load_lines
from envlock.cli.options import as_json, folder
from envlock.cli.settings import is_terminal
from envlock.workflows import later_import
from envlock.workflows.context import Context
from envlock.workflows.import_asked import Asked, ImportOptions
from envlock.workflows.project import is_environment

Answer = tuple[Iterable[str], dict[str, Any]]


@command(
    "envlock load ../train-saved",
    "envlock load /media/usb/train --to envs/train",
    "envlock load azure --to train",
)
@click.argument("saved", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR")
@folder("--to", help="The folder of env.toml; else that of its name in the repository, or a new one here.")
@click.option("--name", metavar="NAME", help="Its name; else the one that it was saved with.")
@click.option("--format", "kind", metavar="KIND", help="Which other tool's folder it is.")
@click.option("--overwrite", is_flag=True, help="Replace an environment that is there, without asking.")
@as_json("what was written, and what is to be said")
def load_command(session: Session, saved: Path, as_json: bool, **flags: Any) -> None:
    """Bring an environment back that was saved in a folder, also edited since, or by another tool.

    Its packages, if they were saved, are verified and put into the cache: so it works without a network. Before
    something is replaced, you are asked.
    """
    # who is asked a question must see it
    with session.context(animated=not is_terminal(sys.stdin)) as context:
        ours = is_environment(saved) and not flags["kind"]
        lines, told = (_load if ours else _import)(saved, context, flags)
    if as_json:
        session.console.json(told)
        return
    for line in lines:
        session.console.note(line)


def _load(saved: Path, context: Context, flags: Mapping[str, Any]) -> Answer:
    agreed = agreement(overwrite=flags["overwrite"])
    loaded = later_import.load(saved, Path.cwd(), context, to=flags["to"], name=flags["name"], agreed=agreed)
    return load_lines(loaded), load_json(loaded)


def _import(saved: Path, context: Context, flags: Mapping[str, Any]) -> Answer:
    """What another tool saved is imported."""
    options = ImportOptions(name=flags["name"], overwrite=flags["overwrite"])
    folder = flags["to"] or Path(flags["name"] or saved.name)
    result = later_import.import_environment(saved, folder, context, Asked(kind=flags["kind"]), options)
    return import_lines(result), {"name": result.spec.name, "written": [os.path.relpath(f) for f in result.written]}
