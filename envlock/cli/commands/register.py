"""`envlock register`"""

from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, one_env
from envlock.workflows.register import RegisterOptions, Registration, register

_SHORT = 7


@command("envlock register train", "envlock register train --push", "envlock register train --as 2026.1 --push")
@one_env
@click.option("--as", "name", metavar="NAME", help="Under this name, in place of the next number.")
@click.option("--push", is_flag=True, help="Push the version, so that all have it.")
@click.option("--remote", metavar="REMOTE", help="The remote that numbers come from, and that is pushed to.")
@as_json("the version and its hashes")
def register_command(session: Session, env: str | None, as_json: bool, **wishes: Any) -> None:
    """Give the committed environment the next number: a version that never moves, as a tag in git.

    An environment that did not change keeps the version it has. Numbers are those of the remote, where there is one, so
    that no two are alike.
    """
    with session.context(animated=False) as context:  # git may ask for a password
        found = register(session.environment(env, context), context, RegisterOptions(**wishes))
    if as_json:
        session.console.json(_shape(found))
        return
    version = found.version
    tag = version.reference.removeprefix("refs/tags/")
    session.console.data(f"{version.environment} {version.version}   {tag} → {version.commit[:_SHORT]}   {found.lock}")
    for line in _notes(found):
        session.console.note(line)


def _notes(found: Registration) -> list[str]:
    notes = [] if found.new else ["registered before: the lock is the same"]
    if found.remote:
        notes.append(f"pushed to {found.remote}" if found.pushed else f"{found.remote} has it already")
    return notes


def _shape(found: Registration) -> dict[str, object]:
    version = found.version
    return {
        "environment": version.environment,
        "version": version.version,
        "tag": version.reference.removeprefix("refs/tags/"),
        "commit": version.commit,
        "lock": found.lock,
        "lock_hashes": dict(version.lock_hashes),
        "environment_hash": version.environment_hash,
        "image": version.image,
        "new": found.new,
        "remote": found.remote,
        "pushed": found.pushed,
    }
