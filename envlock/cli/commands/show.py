"""`envlock show`"""

from dataclasses import asdict

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, one_env
from envlock.cli.text import number, size
from envlock.workflows.show import PlatformView, show

_TITLES = ("NAME", "VERSION", "KIND", "SIZE", "FROM")


@command("envlock show", "envlock show train --json | jq -r '.[0].packages[].name'")
@one_env
@as_json("everything, with hashes,")
def show_command(session: Session, env: str | None, as_json: bool) -> None:
    """List what is locked: each package with its version, its size and where it comes from."""
    views = show(session.project(env))
    if as_json:
        session.console.json([asdict(view) for view in views])
        return
    for view in views:
        _print(session, view)


def _print(session: Session, view: PlatformView) -> None:
    rows = [(p.name, p.version, p.kind, size(p.size), p.source) for p in view.packages]
    session.console.table(_TITLES, rows, right=(3,))
    kinds = [f"{view.count(kind)} {kind}" for kind in ("conda", "pip") if view.count(kind)]
    total = f"{number(len(rows), 'package')} ({', '.join(kinds)})" if rows else "no packages"
    session.console.note(f"{view.platform}: {total}, {size(view.size)} to download")
    if view.python:
        session.console.note(f"python     {view.python}")
    session.console.note(f"base       {view.base}{f'@{view.base_digest}' if view.base_digest else ''}")
    session.console.note(f"lock hash  {view.lock_hash}")
