"""Arguments and options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from envlock.errors import EnvlockError
from envlock.workflows import later_history
from envlock.workflows.project import all_projects

_Command = TypeVar("_Command", bound=Callable[..., int | None])


def env_names(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The environments' names, for a shell's completion, and behind `NAME@` its versions; none where they cannot be
    listed."""
    name, at, _ = incomplete.partition("@")
    try:
        if at:
            found = (f"{name}@{version}" for version in later_history.version_names(name, Path.cwd()))
            return [each for each in found if each.startswith(incomplete)]
        return [p.name for p in all_projects(Path.cwd()) if p.name.startswith(incomplete)]
    except (EnvlockError, OSError):
        return []


def one_env(function: _Command) -> _Command:
    """An optional ENV, given as `env`."""
    return click.argument("env", required=False, shell_complete=env_names)(function)


def many_envs(function: _Command) -> _Command:
    """Any number of ENV, given as `envs`."""
    return click.argument("envs", nargs=-1, metavar="[ENV]...", shell_complete=env_names)(function)


def all_envs(function: _Command) -> _Command:
    """`--all`, given as `everywhere`, in place of names."""
    return click.option("--all", "everywhere", is_flag=True, help="All environments of the repository.")(function)


def env_option(function: _Command) -> _Command:
    """ENV as an option, where arguments are another program's."""
    return click.option("-e", "--env", metavar="ENV", shell_complete=env_names, help="The environment to use.")(
        function
    )


def insecure_option(function: _Command) -> _Command:
    """Hosts that are spoken to without TLS, given as `insecure`."""
    return click.option(
        "--insecure",
        multiple=True,
        metavar="HOST[:PORT]",
        help="Speak to this registry by plain HTTP; may be repeated.",
    )(function)


def platform_option(function: _Command) -> _Command:
    """One of the locked platforms, given as `platform`."""
    return click.option("--platform", metavar="NAME", help="Of this platform alone.")(function)


def as_json(what: str) -> Callable[[_Command], _Command]:
    return click.option("--json", "as_json", is_flag=True, help=f"Print {what} as JSON.")


def folder(*names: str, help: str) -> Callable[[_Command], _Command]:
    """An option that takes the path of a folder, there or not."""
    return click.option(*names, type=click.Path(file_okay=False, path_type=Path), help=help)


def groups_option(function: _Command) -> _Command:
    """Groups beside the main set, given as `groups`."""
    return click.option(
        "--group", "groups", multiple=True, metavar="GROUP", help="What this group needs, too; may be repeated."
    )(function)
