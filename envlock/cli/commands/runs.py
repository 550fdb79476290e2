"""`envlock runs`, `envlock runs show` and `envlock runs prune`"""

from pathlib import Path

import click

from envlock.cli.command import Session, command, command_group
from envlock.cli.options import as_json, env_names
from envlock.cli.run_lines import run_lines, run_shape, run_table
from envlock.cli.text import number
from envlock.workflows.prune_runs import prune
from envlock.workflows.runs import Asked, list_runs, show_run


@command("envlock runs", "envlock runs --env train --failed", "envlock runs --since 2026-11-01 --json | jq '.[].id'")
@click.option("--limit", type=click.IntRange(1), default=20, metavar="N", help="The newest N; without it, 20.")
@click.option("--env", metavar="NAME", shell_complete=env_names, help="Of this environment.")
@click.option("--failed", is_flag=True, help="That ended with another code than 0.")
@click.option("--since", metavar="DATE", help="Begun on that day (UTC) or in that month, or later.")
@as_json("all that is recorded")
def list_command(session: Session, as_json: bool, **asked: str | int | bool | None) -> None:
    """List the recorded runs, the newest first."""
    found = list_runs(Path.cwd(), Asked(**asked))  # type: ignore[arg-type]
    if as_json:
        session.console.json([run_shape(one) for one in found.runs])
    elif found.runs:
        table = run_table(found.runs)
        session.console.table(table.titles, table.rows, right=table.right)
    else:
        session.console.note(
            "no such run is recorded" if any(v for k, v in asked.items() if k != "limit") else "no run is recorded"
        )
    for one in found.unreadable[:3]:
        session.console.note(f"warning: {one.commit[:12]} among the runs cannot be read: {one.why}")
    if found.unreadable[3:]:
        session.console.note(f"warning: nor can {number(len(found.unreadable) - 3, 'other')}")


@command("envlock runs show 2026-11-22-7f3a91c2", "envlock runs show 7f3a --json | jq -r .reproduce")
@click.argument("id")
@as_json("all that is recorded")
def show_command(session: Session, id: str, as_json: bool) -> None:
    """Show one run, and how to do it again."""
    found = show_run(Path.cwd(), id)
    if as_json:
        session.console.json(run_shape(found))
        return
    for line in run_lines(found):
        session.console.data(line)


@command("envlock runs prune --before 2026-01 --dry-run", "envlock runs prune --before 2026-01 --remote origin")
@click.option("--before", required=True, metavar="YYYY-MM", help="Of months before this one.")
@click.option("--remote", metavar="NAME", help="There, too, and for all who share it.")
@click.option("--dry-run", is_flag=True, help="Say what would go.")
def prune_command(session: Session, before: str, remote: str | None, dry_run: bool) -> None:
    """Remove the runs of whole months: here, or with a remote.

    Runs of these months that others have and never pushed stay with them.
    """
    found = prune(Path.cwd(), before, remote=remote, dry_run=dry_run)
    for one in found:
        alone = f", {one.unpushed} of them on no remote" if one.unpushed else ""
        where = " and ".join([*["here"] * bool(one.runs), *[f"at {remote}"] * one.there])
        session.console.data(f"{one.month}  {number(one.runs, 'run') + ' ' if one.runs else ''}{where}{alone}")
    session.console.note(
        "would be removed" if dry_run and found else "removed" if found else "there is nothing to remove"
    )


runs_command = command_group(
    "runs",
    "List the recorded runs: what was run, in what, and on which commit.",
    "list",
    list=list_command,
    show=show_command,
    prune=prune_command,
)
