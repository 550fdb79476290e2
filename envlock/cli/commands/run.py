"""`envlock run`"""

import sys
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import env_option, groups_option
from envlock.cli.settings import is_terminal
from envlock.errors import NothingHere
from envlock.workflows.context import Context
from envlock.workflows.later_images import run_in_docker
from envlock.workflows.later_import import default_project
from envlock.workflows.project import Project
from envlock.workflows.run import run


@command(
    "envlock run python train.py",
    "envlock run -e train -- python -c 'import sys; print(sys.prefix)'",
    "envlock run --in docker --gpus all -- python train.py",
    passes_on=True,
)
@env_option
@click.option("--at", metavar="VERSION", help="As it was then: 3, a name, a label, or a git revision.")
@groups_option
@click.option("--in", "where", type=click.Choice(["docker"]), help="In a container of the image, not on this machine.")
@click.option("--volume", "volumes", multiple=True, metavar="HERE:THERE", help="Mount this, too; may be repeated.")
@click.option("--gpus", metavar="WHICH", help="GPUs for the container: `all`, or as docker takes them.")
@click.option("--network", metavar="NAME", help="The network of the container: `none`, `host`, or another.")
@click.option(
    "--no-record", "record", is_flag=True, flag_value=False, default=True, help="Keep no record of it in git."
)
@click.argument("words", nargs=-1, required=True, type=click.UNPROCESSED, metavar="COMMAND...")
def run_command(
    session: Session, env: str | None, words: tuple[str, ...], where: str | None, record: bool, **options: Any
) -> int:
    """Run a command in the environment, which is installed first where it is not.

    Input, output, signals and the exit code are the command's own. In docker it runs as the current user, with the
    current folder mounted where it is; the image is built and loaded first where it is not there. In a git repository
    the run is recorded: `envlock runs` lists what was run, and on which commit. Where there is no environment, it runs
    in envlock-minimal, which is Python alone.
    """
    groups, at = options.pop("groups"), options.pop("at")
    _refuse(where, groups, options)
    with session.context(animated=False) as context:
        project = _project(session, env, at, context)
        if where is None:
            return run(project, context, words, groups=groups, record=record)
        tty = is_terminal(sys.stdin) and is_terminal(sys.stdout)
        return run_in_docker(project, context, words, tty=tty, record=record, **options)


def _project(session: Session, env: str | None, at: str | None, context: Context) -> Project:
    """The one that is meant; where none is, and none is here, the default one, and that is said."""
    try:
        return session.environment(env if at is None else f"{env or ''}@{at}", context)
    except NothingHere as nothing:
        session.console.note(f"{nothing.message}: this runs in envlock-minimal, which is Python alone")
        return default_project(context)


def _refuse(where: str | None, groups: tuple[str, ...], of_docker: dict[str, Any]) -> None:
    alone = next((name for name, value in of_docker.items() if value), None)
    if alone and where is None:
        raise click.UsageError(
            f"`--{alone.removesuffix('s') if alone == 'volumes' else alone}` goes with `--in docker`"
        )
    if groups and where:
        raise click.UsageError("`--group` does not go with `--in docker`: images have the main set alone")
