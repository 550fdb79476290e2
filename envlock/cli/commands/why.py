"""`envlock why`"""

from collections.abc import Iterator
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, one_env, platform_option
from envlock.cli.package_text import where
from envlock.errors import escaped
from envlock.workflows.why import Reason, Reasons, why


@command("envlock why numpy", "envlock why numpy train --platform linux-64", "envlock why numpy --json")
@click.argument("name")
@one_env
@platform_option
@as_json("the ways")
def why_command(session: Session, name: str, env: str | None, platform: str | None, as_json: bool) -> None:
    """Say why the package NAME is locked: the shortest ways from each requirement in env.toml that leads to it.

    NAME may also be a distribution that a conda package holds; where packages of several kinds share it, `debian:NAME`,
    `conda:NAME` and `pip:NAME` are one of them.
    """
    with session.context() as context:
        found = why(session.environment(env, context), name, platform=platform)
    if as_json:
        session.console.json([_shape(package) for package in found])
        return
    for package in found:
        for line in _lines(package):
            session.console.data(line)


def _lines(package: Reasons) -> Iterator[str]:
    inside = f", which holds {escaped(package.inside)}" if package.inside else ""
    yield click.style(f"{escaped(package.name)} {escaped(package.version)}", bold=True) + f" ({package.kind}){inside}"
    for reason in package.reasons:
        first, *rest = reason.chain.steps
        on = where(reason.chain.platforms, package.platforms)
        asked = f"{_place(reason)}  {escaped(reason.chain.root.text)}"
        yield f"  {asked}" + (f"  [{on}]" if on else "")
        for number, step in enumerate(rest):
            before = (first, *rest)[number]
            needs = escaped(" and ".join(step.requirements))
            yield f"  {'  ' * (number + 1)}{escaped(before.name)} {escaped(before.version)} needs {needs}"


def _place(reason: Reason) -> str:
    if reason.place is None:
        return escaped(reason.chain.root.place)
    line = f":{reason.place.line}" if reason.place.line else ""
    return escaped(f"{reason.place.file}{line}")


def _shape(package: Reasons) -> dict[str, Any]:
    return {
        "name": package.name,
        "kind": package.kind,
        "version": package.version,
        "inside": package.inside,
        "ways": [_way(reason) for reason in package.reasons],
    }


def _way(reason: Reason) -> dict[str, Any]:
    root, place = reason.chain.root, reason.place
    return {
        "requirement": root.text,
        "table": root.place,
        "file": place.file if place else None,
        "line": place.line if place else None,
        "platforms": list(reason.chain.platforms),
        "steps": [
            {"name": s.name, "kind": s.kind, "version": s.version, "requirements": list(s.requirements)}
            for s in reason.chain.steps
        ],
    }
