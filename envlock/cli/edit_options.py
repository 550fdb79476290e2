"""What `add` and `remove` share: where in env.toml, and what is said of it."""

import difflib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import click

from envlock.cli.command import Session
from envlock.cli.lock_lines import lock_lines
from envlock.errors import EnvlockError
from envlock.manifest.dependency_edits import Edit, entries
from envlock.manifest.reader import LIMIT
from envlock.model.platform import PLATFORMS
from envlock.system.text_file import read_text
from envlock.workflows.dependencies import Wish
from envlock.workflows.edit import EditResult, How
from envlock.workflows.project import find_project

_Command = TypeVar("_Command", bound=Callable[..., int | None])


def edit_options(function: _Command) -> _Command:
    """Which list of env.toml is meant, and how far to go."""
    options = (
        click.option("--conda", "kind", flag_value="conda", help="In [conda]: a match spec."),
        click.option("--pip", "kind", flag_value="pip", help="In [pip]: a requirement (PEP 508)."),
        click.option("--debian", "kind", flag_value="debian", help="In [image.debian]: a package of Debian's."),
        click.option("--editable", is_flag=True, help="In [pip] editable: the folder of a local project."),
        click.option("--group", metavar="G", shell_complete=_groups, help="For this group alone."),
        click.option(
            "--platform", "platforms", multiple=True, type=click.Choice(list(PLATFORMS)), metavar="P",
            help="For this platform alone; may be repeated.",
        ),
        click.option("--no-lock", is_flag=True, help="Edit env.toml and leave env.lock to a later `envlock lock`."),
        click.option("--dry-run", is_flag=True, help="Write nothing: print what would change in env.toml."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def wish_and_how(texts: tuple[str, ...], flags: dict[str, Any]) -> tuple[Wish, How]:
    """The flags as values; UsageError where they exclude each other."""
    if flags["group"] and flags["platforms"]:
        raise click.UsageError("--group and --platform exclude each other: groups are the same on every platform")
    if flags["editable"] and (flags["group"] or flags["platforms"] or flags["kind"] in ("conda", "debian")):
        raise click.UsageError("--editable is for [pip] alone, and for every platform")
    if flags["kind"] == "debian" and (flags["group"] or flags["platforms"]):
        raise click.UsageError("--debian is for the base of the image, which is the same for all groups and platforms")
    wish = Wish(
        texts=texts,
        folder=Path.cwd(),
        kind="pip" if flags["editable"] else flags["kind"],
        group=flags["group"],
        platforms=flags["platforms"],
        editable=flags["editable"],
    )
    return wish, How(lock=not flags["no_lock"], write=not flags["dry_run"])


def report(session: Session, result: EditResult, how: How) -> None:
    """What was done to env.toml, and to env.lock; of a dry run, the difference on stdout."""
    if not how.write:
        lines = (result.before.splitlines(), result.after.splitlines())
        for line in difflib.unified_diff(*lines, "a/env.toml", "b/env.toml", lineterm=""):
            session.console.data(line)
    for edit in result.edits:
        session.console.note(_line(edit))
    if how.lock:
        for line in lock_lines(result.lock, written="wrote" if how.write else "would write"):
            session.console.note(line)
    if not how.write:
        session.console.note("nothing was written: this is a dry run")


def _line(edit: Edit) -> str:
    where = f"{edit.place.shown} (env.toml:{edit.line})"
    if edit.before == edit.after:
        return f"`{edit.after}` stands in {where} already"
    if edit.before and edit.after:
        return f"changed `{edit.before}` to `{edit.after}` in {where}"
    return f"added `{edit.after}` to {where}" if edit.after else f"removed `{edit.before}` from {where}"


def _groups(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    return sorted({e for e in _of_manifest(context, lambda entry: entry.place.group) if e.startswith(incomplete)})


def names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The dependencies that stand in env.toml, for a shell's completion."""
    return sorted({e for e in _of_manifest(context, lambda entry: entry.name) if e.startswith(incomplete)})


def _of_manifest(context: click.Context, what: Callable[[Any], str | None]) -> Iterator[str]:
    try:
        project = find_project(context.params.get("env"), Path.cwd())
        found = entries(read_text(project.manifest, limit=LIMIT, absent=""))
    except (EnvlockError, OSError, ValueError, TypeError, AttributeError):  # whatever stands there
        return
    yield from filter(None, map(what, found))
