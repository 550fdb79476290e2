"""`envlock merge-driver`"""

from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.failures import report
from envlock.errors import escaped
from envlock.workflows.merge_driver import MergeFiles, begin, merge
from envlock.workflows.merged import Merged

CONFLICT = 1
# beyond these nobody reads on, between the lines of git
_LINES = 4
# of markers: what git has unless .gitattributes says `conflict-marker-size`
_USUAL, _LONGEST = 7, 1000


@command("envlock merge-driver %O %A %B %L %P")
@click.argument("given", nargs=5, metavar="BASE OURS THEIRS MARKER_SIZE PATH")
def merge_driver_command(session: Session, given: tuple[str, str, str, str, str]) -> int:
    """Merge env.toml or env.lock for git, which calls this where `envlock hooks install` has told it to.

    Exit code 0 where all is merged, else 1: then there are conflict markers in OURS, which holds the result.
    """
    base, ours, theirs, size, path = given
    files = MergeFiles(base=Path(base), ours=Path(ours), theirs=Path(theirs), marker_size=_number(size), path=path)
    try:
        merged = _merged(session, files)
    except BaseException as failure:  # noqa: BLE001 - git takes every other code for a driver that has not run
        session.console.note(f"envlock: {escaped(path)} is not merged")
        if not isinstance(failure, SystemExit | GeneratorExit):
            report(failure, session.console)
        return CONFLICT
    _tell(session, files, merged)
    return 0 if merged.clean else CONFLICT


def _merged(session: Session, files: MergeFiles) -> Merged:
    texts = begin(files)
    if texts is None:
        return Merged(text="", clean=False, notes=("git has merged it as text: look at it",))
    with session.context(animated=False) as context:
        return merge(files, texts, context)


def _tell(session: Session, files: MergeFiles, merged: Merged) -> None:
    where = f"{escaped(files.path)}: " if "/" in files.path or not merged.clean else ""
    first, *rest = [escaped(line) for line in merged.notes] or [""]
    if first:
        session.console.note(f"envlock: {where}{first}")
    for line in rest[: _LINES - 1]:
        session.console.note(f"  {line}")


def _number(size: str) -> int:
    return int(size) if size.isdecimal() and 0 < int(size) < _LONGEST else _USUAL
