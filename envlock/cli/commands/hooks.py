"""`envlock hooks install`, `envlock hooks uninstall` and `envlock hooks status`"""

import os
from pathlib import Path

import click

from envlock.cli.command import Session, command, command_group
from envlock.cli.options import as_json
from envlock.cli.program import own_program
from envlock.cli.settings import environment
from envlock.workflows.hook_places import HookPlace
from envlock.workflows.hooks import Installed, find_place, install, status, uninstall

_WHERE = click.option("--local/--global", "local", default=True, help="This repository (default), or all of yours.")


@command("envlock hooks install", "envlock hooks install --only pre-commit,pre-push", "envlock hooks install --global")
@_WHERE
@click.option("--only", metavar="NAMES", help="These hooks alone, with commas between; else all.")
def install_command(session: Session, local: bool, only: str | None) -> int:
    """Have git call envlock: hooks, and drivers that merge env.toml and env.lock and show env.lock in diffs.

    Hooks that are there already are kept and called first; `core.hooksPath` is respected.
    """
    done = install(_place(local), own_program(), [name.strip() for name in only.split(",")] if only else ())
    for file in done.attributes:
        session.console.note(f"wrote {os.path.relpath(file)}")
    ours = [state for state in done.hooks if state.is_ours]
    after = [state.name for state in ours if state.word == "installed after yours"]
    session.console.note(f"git calls envlock: {', '.join(s.name for s in ours)}; merges and diffs of {_of(local)}")
    if after:
        session.console.note(f"your own {', '.join(after)} {'is' if len(after) == 1 else 'are'} kept, and called first")
    if done.place.shared:
        session.console.note(f"`{os.path.relpath(done.place.folder)}` is a part of the repository: commit it")
    return _notes(session, done)


@command("envlock hooks uninstall", "envlock hooks uninstall --global")
@_WHERE
def uninstall_command(session: Session, local: bool) -> int:
    """Take hooks and drivers away again; hooks that were there before are as they were."""
    done = uninstall(_place(local))
    back = ", ".join(state.name for state in done.hooks if state.word == "as before")
    session.console.note(f"git no longer calls envlock for {_of(local)}{f'; as before: {back}' if back else ''}")
    return _notes(session, done)


@command("envlock hooks status", "envlock hooks status --json")
@_WHERE
@as_json("what is installed")
def status_command(session: Session, local: bool, as_json: bool) -> None:
    """Say which hooks and drivers are installed, and where."""
    found = status(_place(local))
    rows = [(state.name, state.word) for state in (*found.hooks, *found.drivers)]
    if as_json:
        session.console.json({"folder": str(found.place.folder), **dict(rows)})
        return
    session.console.table(("HOOK", "STATE"), rows)
    session.console.note(f"in {found.place.folder}")


def _place(local: bool) -> HookPlace:
    return find_place(Path.cwd(), environment(), everywhere=not local)


def _of(local: bool) -> str:
    return "this repository" if local else "all your repositories"


def _notes(session: Session, done: Installed) -> int:
    noted = [state.note for state in done.hooks if state.note]
    for note in noted:
        session.console.note(f"note: {note}")
    return 1 if noted else 0


hooks_command = command_group(
    "hooks", "Have git call envlock.", install=install_command, uninstall=uninstall_command, status=status_command
)
