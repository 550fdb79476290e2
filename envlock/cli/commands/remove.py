"""`envlock remove`"""

from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.edit_options import edit_options, names, report, wish_and_how
from envlock.cli.options import env_option
from envlock.workflows.dependencies import removed
from envlock.workflows.edit import edit


@command("envlock remove numpy", "envlock remove --group dev pytest", "envlock remove --pip flask --dry-run")
@click.argument("dependencies", nargs=-1, required=True, metavar="NAME...", shell_complete=names)
@edit_options
@env_option
def remove_command(session: Session, dependencies: tuple[str, ...], env: str | None, **flags: Any) -> None:
    """Remove dependencies from env.toml, and lock.

    Comments and layout stay, pins of all others too. Nothing is written where what is left cannot be locked.
    """
    wish, how = wish_and_how(dependencies, flags)
    project = session.project(env)
    with session.context() as context:
        result = edit(project, context, lambda text, spec: removed(text, spec, wish, project.folder), how)
    report(session, result, how)
