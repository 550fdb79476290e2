"""`envlock show`"""

from collections.abc import Sequence

import click

from envlock.cli.command import Session, command
from envlock.cli.listing import package_table, summary
from envlock.cli.manifest_text import or_manifest
from envlock.cli.options import as_json, one_env, platform_option
from envlock.cli.package_text import package_json
from envlock.model.listing import PlatformView
from envlock.workflows.show import show


@command(
    "envlock show",
    "envlock show --platform linux-64 --group dev",
    "envlock show --manifest",
    "envlock show train --json | jq -r '.[0].packages[].name'",
)
@one_env
@platform_option
@click.option("--group", "groups", multiple=True, metavar="NAME", help="The main set and this group; may be repeated.")
@as_json("everything, with hashes,")
@or_manifest
def show_command(session: Session, env: str | None, platform: str | None, groups: Sequence[str], as_json: bool) -> None:
    """List what is locked: each package with its version, its size and where it comes from.

    What is the same on several platforms is listed once. `builds` marks what runs code of its own when it is installed.
    """
    with session.context() as context:
        views = show(session.environment(env, context), platform=platform, groups=groups)
    if as_json:
        session.console.json([_shape(view) for view in views])
        return
    table = package_table(views)
    if table.rows:
        session.console.table(table.titles, table.rows, right=table.right)
    for line in summary(views):
        session.console.note(line)


def _shape(view: PlatformView) -> dict[str, object]:
    return {
        "platform": view.platform,
        "lock_hash": view.lock_hash,
        "python": view.python,
        "base": view.base.reference,
        "base_digest": view.base.digest,
        "suite": view.base.suite,
        "size": view.size,
        "packages": [package_json(package) for package in view.packages],
    }
