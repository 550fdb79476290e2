"""`envlock list`"""

from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.offered_lines import list_offered
from envlock.cli.options import as_json
from envlock.cli.text import number
from envlock.errors import escaped
from envlock.history.marks import Mark
from envlock.system.cache import Cache
from envlock.workflows.list_environments import Listed, environments


@command(
    "envlock list",
    "envlock list --json | jq -r '.[].name'",
    "envlock list --curated",
    "envlock list https://git.example.test/acme/environments.git",
)
@click.argument("repository", required=False)
@click.option("--curated", is_flag=True, help="Those that come with envlock, to start from.")
@as_json("names, folders, versions and labels")
def list_command(session: Session, repository: str | None, curated: bool, as_json: bool) -> None:
    """List the environments of the repository: where they are, the newest version of each, and its labels.

    NOW says whether what is locked now is that version. In a bare repository HEAD is listed. Of another REPOSITORY, by
    its URL or path, what `envlock init --from` can start from.
    """
    if repository and curated:
        raise click.UsageError("`--curated` lists what comes with envlock: name no repository beside it")
    if repository or curated:
        list_offered(session, repository, as_json=as_json)
        return
    found = environments(Path.cwd(), Cache(session.settings.cache_folder))
    if as_json:
        session.console.json([_shape(each) for each in found])
        return
    if found:
        session.console.table(("NAME", "FOLDER", "VERSION", "NOW", "LABELS", "PROBLEM"), [_row(each) for each in found])
    session.console.note(number(len(found), "environment"))


def _row(each: Listed) -> tuple[str, ...]:
    version = each.registered.version if each.registered else None
    labels = ", ".join(_label(mark) for mark in each.labels)
    told = (each.name, each.folder or ".", version or "—", _now(each), labels, each.problem or "")
    return tuple(map(escaped, told))


def _now(each: Listed) -> str:
    if not each.locked:
        return "not locked"
    if each.registered is None:
        return "not registered"
    return "the same" if each.is_registered else "changed since"


def _label(mark: Mark) -> str:
    version = mark.trailer("Version")
    return f"{mark.label} → {version or mark.commit[:7]}"


def _shape(each: Listed) -> dict[str, Any]:
    registered = each.registered
    return {
        "name": each.name,
        "folder": each.folder or ".",
        "problem": each.problem,
        "locked": each.locked,
        "version": registered.version if registered else None,
        "commit": registered.commit if registered else None,
        "is_version": each.is_registered,
        "labels": [{"label": m.label, "version": m.trailer("Version"), "commit": m.commit} for m in each.labels],
    }
