"""`envlock pre-commit`: the hooks of `.pre-commit-hooks.yaml`, as pre-commit calls them"""

import os
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from envlock.cli.answer_lines import say_answers
from envlock.cli.command import Session, command, command_group
from envlock.cli.lock_lines import lock_lines
from envlock.errors import UserInputError
from envlock.system.cache import Cache
from envlock.workflows import later_hooks
from envlock.workflows.lock import lock
from envlock.workflows.pre_commit import check_named, exported, stale, to_export

_names = click.argument("names", nargs=-1, type=click.UNPROCESSED, metavar="[FILE]...")


@command("envlock pre-commit check env.toml env.lock")
@_names
def check_command(session: Session, names: tuple[str, ...]) -> int:
    """Check the environments that rest on these files, or on what is staged."""
    cache = Cache(session.settings.cache_folder)
    with cache.users.among():
        answers = check_named(names, Path.cwd(), cache)
    return say_answers(session.console, answers, "run `envlock lock`, and stage what it writes")


@command("envlock pre-commit lock env.toml")
@_names
def lock_command(session: Session, names: tuple[str, ...]) -> int:
    """Lock those among them whose env.lock does not answer; exit code 1 where one was written."""
    written: list[str] = []
    code = 0
    for project in stale(names, Path.cwd(), Cache(session.settings.cache_folder)):
        try:
            with session.context(animated=False) as context:
                lines = lock_lines(lock(project, context))
        except UserInputError as error:
            session.console.error(f"{project.name}: {error.message}", error.hint)
            code = error.exit_code
            continue
        session.console.note("\n".join(lines))
        written.append(os.path.relpath(project.lockfile))
    return _changed(session, written) or code


@command("envlock pre-commit export --format requirements --output requirements.txt env.lock")
@_names
@click.option("--format", "format", required=True, help="As of `envlock export`.")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The file to be kept.")
@click.option("--env", metavar="ENV", help="Of this environment; else of the one there is.")
@click.option("--platform", help="This platform alone.")
@click.option("--group", "groups", multiple=True, metavar="GROUP", help="This group, too; may be repeated.")
def export_command(session: Session, names: tuple[str, ...], output: Path, env: str | None, **flags: Any) -> int:
    """Keep an export in step with env.lock; exit code 1 where it was written."""
    project = session.project(env) if env else to_export(names, Path.cwd(), output)
    if project is None:
        return 0
    how = (str(output), *map(str, flags.values()))
    with session.context(animated=False) as context:
        anew = exported(
            project, output, how, context.cache, lambda: later_hooks.export(project, context, output, **flags)
        )
    return _changed(session, [str(output)] if anew else [])


def _changed(session: Session, files: Sequence[str]) -> int:
    if files:
        session.console.note(f"written: look at it, then `git add {shlex.join(files)}`")
    return 1 if files else 0


pre_commit_command = command_group(
    "pre-commit", "What pre-commit calls.", check=check_command, lock=lock_command, export=export_command
)
