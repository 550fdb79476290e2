"""`envlock sync`"""

from dataclasses import asdict
from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json
from envlock.cli.text import number
from envlock.workflows.sync import Moved, Synced, sync


@command("envlock sync", "envlock sync upstream", "envlock sync --json | jq .fetched_runs")
@click.argument("remote", required=False)
@as_json("what came and went")
def sync_command(session: Session, remote: str | None, as_json: bool) -> int:
    """Share labels and recorded runs with the team, through a remote of git.

    REMOTE is the one that git would push to, where it is left out. What others have moved or recorded meanwhile is
    united with what is here; nothing is forced, and no branch or tag is touched. Registered versions are tags: `git
    fetch --tags` brings them.
    """
    with session.context() as context:
        done = sync(Path.cwd(), remote, context)
    if as_json:
        session.console.json({**asdict(done), "failed": dict(done.failed)})
    else:
        for line in _lines(done):
            session.console.note(line)
    for name, why in done.failed:
        session.console.error(f"`{name}` is not shared with `{done.remote}`: {why}")
    return 3 if done.failed else 0


def _lines(done: Synced) -> list[str]:
    came = [number(done.fetched_runs, "run")] if done.fetched_runs else []
    went = [number(done.pushed_runs, "run")] if done.pushed_runs else []
    came += [_moved(label) for label in done.labels if not label.sent]
    went += [_moved(label) for label in done.labels if label.sent]
    lines = [f"fetched {', '.join(came)}"] if came else []
    lines += [f"pushed {', '.join(went)}"] if went else []
    return lines or ([] if done.failed else [f"nothing new, here or in `{done.remote}`"])


def _moved(label: Moved) -> str:
    name = f"`{label.label}` of {label.environment}"
    if label.after is None:
        return f"{name}, removed"
    return f"{name} → {label.after}" if label.before is None else f"{name}, {label.before} → {label.after}"
