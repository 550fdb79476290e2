"""`envlock lock`"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.lock_lines import lock_lines
from envlock.cli.options import all_envs, insecure_option, many_envs
from envlock.errors import UserInputError
from envlock.workflows.lock import lock
from envlock.workflows.project import Project, titles
from envlock.workflows.upgrade import Upgrade

_MOVED = "Move this package (to V), `debian:NAME` in the base alone, or all of `base`."


@command("envlock lock", "envlock lock -P numpy -P base", "envlock lock -P debian:git", "envlock lock train --upgrade")
@many_envs
@all_envs
@click.option("-P", "--upgrade-package", "names", multiple=True, metavar="NAME[==V]", help=_MOVED)
@click.option("--upgrade", is_flag=True, help="Move everything to what is newest, the base too.")
@insecure_option
def lock_command(session: Session, envs: tuple[str, ...], **flags: Any) -> int:
    """Resolve env.toml into env.lock.

    Pins that still hold are kept; where nothing changes, nothing is written. Of several environments, one that cannot
    be locked as it is written hinders no other.
    """
    wanted = Upgrade.of(flags["names"], everything=flags["upgrade"])
    projects = session.projects(envs, everywhere=flags["everywhere"])
    if len(projects) == 1:
        _lock(session, projects[0], wanted, flags["insecure"])
        return 0
    named = titles(projects, Path.cwd())
    return max(_one_of_several(session, named, project, wanted, flags["insecure"]) for project in named)


def _one_of_several(
    session: Session, titles: Mapping[Project, str], project: Project, wanted: Upgrade, insecure: Sequence[str]
) -> int:
    title = titles[project]
    try:
        _lock(session, project, wanted, insecure, title=title)
    except UserInputError as error:
        session.console.error(f"{title}: {error.message}", error.hint)
        return error.exit_code
    return 0


def _lock(
    session: Session, project: Project, wanted: Upgrade, insecure: Sequence[str], *, title: str | None = None
) -> None:
    with session.context(insecure=insecure) as context:
        result = lock(project, context, wanted)
    for line in (*([f"{title}:"] if title else []), *lock_lines(result)):
        session.console.note(line)
