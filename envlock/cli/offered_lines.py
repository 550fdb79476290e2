"""`list` of what an environment can be started from."""

from dataclasses import asdict
from pathlib import Path

from envlock.cli.command import Session
from envlock.cli.text import number
from envlock.errors import escaped
from envlock.workflows.later_import import offered


def list_offered(session: Session, repository: str | None, *, as_json: bool) -> None:
    """Prints the environments of another repository, or those that come with envlock."""
    with session.context() as context:
        found = offered(repository, Path.cwd(), context)
    if as_json:
        session.console.json([asdict(each) for each in found])
        return
    rows = [tuple(map(escaped, (each.name, each.description))) for each in found]
    if rows:
        session.console.table(("NAME", "DESCRIPTION"), rows)
    example = f": `envlock init --from {found[0].origin}` starts from the first" if found else ""
    session.console.note(f"{number(len(found), 'environment')}{escaped(example)}")
