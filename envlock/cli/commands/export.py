"""`envlock export`"""

from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import one_env
from envlock.errors import escaped
from envlock.interchange.exports.formats import FORMATS
from envlock.model.platform import PLATFORMS
from envlock.workflows.export import ExportOptions, export


@command(
    "envlock export --format requirements --output requirements.txt",
    "envlock export train --format conda-lock --group dev > conda-lock.yml",
    "envlock export --format explicit --platform linux-64",
)
@one_env
@click.option("--format", "format", type=click.Choice(list(FORMATS)), required=True, help="What to write.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write this file; else to stdout.")
@click.option("--platform", type=click.Choice(sorted(PLATFORMS)), help="This platform alone.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="This group, too; can be given several times.")
def export_command(session: Session, env: str | None, output: Path | None, **flags: Any) -> None:
    """Write what is locked as a file that other tools install from.

    All platforms go into one file where the format can hold them. What it cannot hold is named on stderr.
    """
    options = ExportOptions(output=output, **flags)
    with session.context() as context:
        exported = export(session.environment(env, context), context, options)
    if output is None:
        session.console.data(exported.text.removesuffix("\n"))
    for note in exported.notes:
        session.console.note(f"note: {escaped(note)}")
