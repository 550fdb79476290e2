"""`envlock completion`"""

import click
from click.shell_completion import get_completion_class

from envlock.cli.command import Session, command
from envlock.cli.settings import COMPLETION

_PROGRAMS = ("envlock", "git-envlock")


@command('eval "$(envlock completion bash)"', "envlock completion fish > ~/.config/fish/completions/envlock.fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(session: Session, shell: str) -> None:
    """Print the script that completes `envlock` and `git-envlock` in a shell; to be put into its start-up file."""
    root = click.get_current_context().find_root().command
    made_by = get_completion_class(shell)
    assert made_by, shell
    for program in _PROGRAMS:
        session.console.data(made_by(root, {}, program, COMPLETION).source())
