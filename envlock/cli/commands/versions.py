"""`envlock versions`"""

from itertools import islice
from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, env_names
from envlock.cli.version_lines import json_lines, lines
from envlock.history.versions import SHALLOW
from envlock.system.cache import Cache
from envlock.workflows.versions import versions


@command(
    "envlock versions train",
    "envlock versions train --limit 10",
    "envlock versions train main        # as it is on another branch",
    "envlock versions train --json | jq -r '.[] | select(.versions != []) | .commit'",
)
@click.argument("env", required=False, shell_complete=env_names)
@click.argument("revision", required=False)
@click.option("--limit", type=click.IntRange(1), metavar="N", help="The newest N; no more of the history is read.")
@as_json("versions, commits, hashes and changes")
def versions_command(session: Session, env: str | None, revision: str | None, limit: int | None, as_json: bool) -> None:
    """List every commit that changed the lock, the newest first, with what is registered and labelled.

    From HEAD back, or from REVISION; what is registered on other branches is listed, too, without REVISION. Folders
    that were renamed are followed, merges too. Nothing is checked out, and a bare repository will do.
    """
    with versions(env, revision, Path.cwd(), Cache(session.settings.cache_folder)) as found:
        states = islice(found.states, limit)
        for line in json_lines(states) if as_json else lines(states, found):
            session.console.data(line)
        if found.ends_early:
            session.console.hint(SHALLOW)
