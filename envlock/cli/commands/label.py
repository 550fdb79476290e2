"""`envlock label`"""

from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.label_lines import moved_lines, rows, shape, titles
from envlock.cli.options import as_json, one_env
from envlock.workflows.label import Moved, label, labels, moves, remove_label


@command("envlock label train@4 prod", "envlock label train", "envlock label train prod --history")
@one_env
@click.argument("name", required=False, metavar="[LABEL]")
@click.option("--history", is_flag=True, help="List all that the label stood for, the newest first.")
@click.option("--remove", is_flag=True, help="Let it stand for nothing; its history stays.")
@as_json("labels, versions, commits and who moved them when")
def label_command(session: Session, env: str | None, name: str | None, as_json: bool, **flags: bool) -> None:
    """Let LABEL stand for ENV@VERSION from now on; without VERSION, for its highest number.

    `ENV@LABEL` is then what it stands for. Without LABEL, those that there are are listed. `envlock sync` shares labels
    with the team.
    """
    history, remove = flags["history"], flags["remove"]
    if (history or remove) and (name is None or env is None or history == remove):
        example = f"envlock label ENV LABEL --{'remove' if remove else 'history'}"
        raise click.UsageError(f"`--history` and `--remove` are of one label: `{example}`")
    if name is None or env is None or history:
        found = moves(env, name, Path.cwd()) if env and name else labels(env, Path.cwd())
        if as_json:
            session.console.json([shape(state) for state in found])
        elif found:
            session.console.table(titles(), rows(found))
        else:
            session.console.note("no label yet: `envlock label ENV@VERSION LABEL` makes one")
        return
    _say(session, (remove_label if remove else label)(env, name, Path.cwd()), as_json=as_json)


def _say(session: Session, moved: Moved, *, as_json: bool) -> None:
    if as_json:
        session.console.json({**shape(moved.now), "before": shape(moved.before) if moved.before else None})
        return
    line, *notes = moved_lines(moved)
    session.console.data(line)
    for note in notes:
        session.console.note(note)
