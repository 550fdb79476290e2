"""`envlock install`"""

from pathlib import Path

from envlock.cli.command import Session, command
from envlock.cli.options import folder, groups_option, one_env
from envlock.workflows.install import install


@command(
    "envlock install",
    "envlock install train --prefix ./env",
    "envlock install --group dev",
    '"$(envlock install)/bin/python" train.py',
)
@one_env
@folder("--prefix", help="Install into this folder instead of the store, which environments share.")
@groups_option
def install_command(session: Session, env: str | None, prefix: Path | None, groups: tuple[str, ...]) -> None:
    """Put the environment on this machine, exactly as locked, and print the folder it is in.

    What is there already is used as it is.
    """
    with session.context() as context:
        installed = install(session.environment(env, context), context, prefix=prefix, groups=groups)
    session.console.data(str(installed.prefix))
