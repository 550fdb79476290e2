"""`envlock shell`"""

from envlock.cli.command import Session, command
from envlock.cli.options import groups_option, one_env
from envlock.workflows.run import shell


@command("envlock shell", "envlock shell train", "envlock shell --group dev")
@one_env
@groups_option
def shell_command(session: Session, env: str | None, groups: tuple[str, ...]) -> int:
    """Start your shell ($SHELL) in the environment; leave it with `exit`."""
    with session.context(animated=False) as context:
        project = session.environment(env, context)
        session.console.note(f"a shell in `{project.title}`: leave it with `exit`")
        return shell(project, context, groups=groups)
