"""`envlock lock`"""

import click

from envlock.cli.command import Session, command
from envlock.cli.lock_lines import lock_lines
from envlock.cli.options import all_envs, many_envs
from envlock.workflows.lock import lock
from envlock.workflows.upgrade import Upgrade


@command("envlock lock", "envlock lock -P numpy -P base", "envlock lock train --upgrade")
@many_envs
@all_envs
@click.option(
    "-P", "--upgrade-package", "names", multiple=True, metavar="NAME[==V]", help="Move this package (to V), or `base`."
)
@click.option("--upgrade", is_flag=True, help="Move everything to what is newest, the base too.")
def lock_command(
    session: Session, envs: tuple[str, ...], everywhere: bool, names: tuple[str, ...], upgrade: bool
) -> None:
    """Resolve env.toml into env.lock.

    Pins that still hold are kept; where nothing changes, nothing is written.
    """
    wanted = Upgrade.of(names, everything=upgrade)
    projects = session.projects(envs, everywhere=everywhere)
    for project in projects:
        with session.context() as context:
            result = lock(project, context, wanted)
        if len(projects) > 1:
            session.console.note(f"{project.name}:")
        for line in lock_lines(result):
            session.console.note(line)
