"""`envlock shell`"""

from envlock.cli.command import Session, command
from envlock.cli.options import one_env
from envlock.workflows.run import shell


@command("envlock shell", "envlock shell train")
@one_env
def shell_command(session: Session, env: str | None) -> int:
    """Start your shell ($SHELL) in the environment; leave it with `exit`."""
    project = session.project(env)
    session.console.note(f"a shell in `{project.name}`: leave it with `exit`")
    with session.context(animated=False) as context:
        return shell(project, context)
