"""`envlock import`"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.import_lines import import_lines
from envlock.cli.import_options import asked_and_options, import_options
from envlock.cli.options import as_json
from envlock.workflows.capture import prefix_at
from envlock.workflows.later_import import import_environment


@command(
    "envlock import environment.yml",
    "envlock import environment.yml --pins conda-lock.yml --to envs/train",
    "envlock import requirements.txt --name serve --platform linux-64",
    "envlock import --prefix ~/miniconda3/envs/train",
)
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--prefix", type=click.Path(path_type=Path), metavar="DIR|NAME", help="What is installed there.")
@import_options
@as_json("what was made and what was not carried over")
def import_command(
    session: Session, source: Path | None, prefix: Path | None, folder: Path, as_json: bool, **flags: Any
) -> None:
    """Make an environment of what another tool has: a file, a lock, a folder of Azure ML, an installed prefix.

    Of a lock every pin is kept, and nothing is solved. What cannot be carried over is named, with the reason.
    """
    if (source is None) == (prefix is None):
        raise click.UsageError("name one file or folder, or a prefix by `--prefix`")
    asked, options = asked_and_options(flags)
    with session.context() as context:
        place = prefix_at(prefix, context.environment) if prefix else source or Path()
        result = import_environment(place, folder, context, asked, options)
    if as_json:
        session.console.json(
            {
                "kind": result.kind,
                "name": result.spec.name,
                "written": [str(file) for file in result.written],
                "pinned": result.lock is not None,
                "remarks": [asdict(remark) for remark in result.remarks],
                "problems": [problem.message for problem in result.problems],
            }
        )
        return
    if flags["dry_run"]:
        session.console.data(result.text.removesuffix("\n"))
    for line in import_lines(result):
        session.console.note(line)
