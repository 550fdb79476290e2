"""`envlock add`"""

from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.edit_options import edit_options, report, wish_and_how
from envlock.cli.options import env_option
from envlock.workflows.dependencies import added
from envlock.workflows.edit import edit


@command(
    "envlock add numpy 'pandas >=2.2'",
    "envlock add --pip 'flask[async]>=3'",
    "envlock add --group dev pytest",
    "envlock add ./wheels/model-1.0-py3-none-any.whl",
    "envlock add --editable .",
    "envlock add --debian git 'libgomp1 (>= 12)'",
)
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@edit_options
@env_option
def add_command(session: Session, specs: tuple[str, ...], env: str | None, **flags: Any) -> None:
    """Add dependencies to env.toml, and lock.

    Comments and layout stay. Nothing is written where what is asked for cannot be locked. A name alone gets a bound
    from what was locked, but for Debian's. Without --conda, --pip or --debian it goes where its name stands already,
    else to [conda] where the environment has conda packages, else to [pip]; what only one can hold goes there.
    """
    wish, how = wish_and_how(specs, flags)
    project = session.project(env)
    with session.context() as context:
        result = edit(project, context, lambda text, spec: added(text, spec, wish, project.folder), how)
    report(session, result, how)
