"""`envlock textconv`"""

from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.workflows.textconv import textconv


@command("envlock textconv env.lock", "git config diff.envlock.textconv 'envlock textconv'")
@click.argument("file", type=click.Path(path_type=Path))
def textconv_command(session: Session, file: Path) -> None:
    """Print env.lock as lines that diff well; git calls it where `envlock hooks install` was run.

    One line for each package, with its version, where it is from, and its platforms; the digest at the end of a line
    stands for all else that is locked of it. What is no lock is printed as it is.
    """
    session.console.bytes(textconv(file))
