"""`envlock shell`"""

from envlock.cli.command import Session, command
from envlock.cli.options import one_env
from envlock.cli.settings import user_shell
from envlock.workflows.run import run


@command("envlock shell", "envlock shell train")
@one_env
def shell_command(session: Session, env: str | None) -> int:
    """Start your shell ($SHELL) in the environment; leave it with `exit`."""
    project, shell = session.project(env), user_shell()
    session.console.note(f"{shell} in `{project.name}`: leave it with `exit`")
    with session.context(animated=False) as context:
        return run(project, context, [shell])
