"""`envlock completion`"""

import click
from click.shell_completion import get_completion_class

from envlock.cli.command import Session, command
from envlock.cli.settings import COMPLETION

_PROGRAMS = ("envlock", "git-envlock")
# git's own completion calls _git_NAME for `git NAME`, with all words of the line
_GIT_SUBCOMMAND = """\
_git_envlock() {
    local at=1
    while [[ ${COMP_WORDS[at]} != envlock ]]; do at=$((at + 1)); done
    COMP_WORDS=(git-envlock "${COMP_WORDS[@]:at+1}")
    COMP_CWORD=$((COMP_CWORD - at))
    _git_envlock_completion git-envlock
}"""


@command('eval "$(envlock completion bash)"', "envlock completion fish > ~/.config/fish/completions/envlock.fish")
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(session: Session, shell: str) -> None:
    """Print the script that completes `envlock` and `git envlock` in a shell; to be put into its start-up file."""
    root = click.get_current_context().find_root().command
    made_by = get_completion_class(shell)
    assert made_by, shell
    for program in _PROGRAMS:
        session.console.data(made_by(root, {}, program, COMPLETION).source())
    if shell == "bash":
        session.console.data(_GIT_SUBCOMMAND)
