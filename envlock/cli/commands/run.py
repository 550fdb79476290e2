"""`envlock run`"""

import click

from envlock.cli.command import Session, command
from envlock.cli.options import env_option, groups_option
from envlock.workflows.run import run


@command(
    "envlock run python train.py", "envlock run -e train -- python -c 'import sys; print(sys.prefix)'", passes_on=True
)
@env_option
@groups_option
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def run_command(session: Session, env: str | None, groups: tuple[str, ...], words: tuple[str, ...]) -> int:
    """Run a command in the environment, which is installed first where it is not.

    Input, output, signals and the exit code are the command's own.
    """
    with session.context(animated=False) as context:
        return run(session.project(env), context, words, groups=groups)
