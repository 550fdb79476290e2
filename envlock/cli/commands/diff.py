"""`envlock diff`"""

from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.diff_json import diff_json
from envlock.cli.diff_markdown import diff_markdown
from envlock.cli.diff_table import diff_table, headline, totals
from envlock.cli.options import as_json, env_names
from envlock.workflows.diff import diff


@command(
    "envlock diff                       # HEAD against the work tree",
    "envlock diff main                  # a revision against the work tree",
    "envlock diff train@3 train@latest  # versions",
    "envlock diff old/env.lock env.lock",
    "envlock diff main...HEAD --markdown | gh pr comment --body-file -",
)
@click.argument("words", nargs=-1, metavar="[A [B]]", shell_complete=env_names)
@as_json("all that differs")
@click.option("--markdown", is_flag=True, help="Print a table for a pull request.")
@click.option("--exit-code", is_flag=True, help="End with 1 where anything differs.")
def diff_command(session: Session, words: tuple[str, ...], as_json: bool, markdown: bool, exit_code: bool) -> int:
    """Say what changed between two locks: packages, base, Python, image settings.

    A and B are env.lock files or their folders, environments, versions (`train@3`, `train@latest`, a label), git
    revisions (`main`, `train@v1.2`, `git:main`), or both at once (`main..HEAD`; `main...HEAD` from where they parted).
    Without B it is the work tree; without both, HEAD and the work tree. Nothing is checked out.
    """
    if len(words) > 2:
        raise click.UsageError(f"two sides can be compared, not {len(words)}", click.get_current_context())
    with session.context() as context:
        found = diff(words, Path.cwd(), context)
    if as_json:
        session.console.json(diff_json(found))
    elif markdown:
        session.console.data(diff_markdown(found))
    else:
        table = diff_table(found)
        if table.rows:
            session.console.table(table.titles, table.rows, right=table.right)
        for line in (headline(found), *(totals(found) if found.changes else ())):
            session.console.note(line)
    return 1 if exit_code and found.changes else 0
