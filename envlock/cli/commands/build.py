"""`envlock build`"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from envlock.cli.build_lines import build_lines
from envlock.cli.command import Session, command
from envlock.cli.options import as_json, many_envs
from envlock.model.platform import PLATFORMS
from envlock.workflows.build import BuildOptions, BuildResult, build

_PLATFORMS = [platform.name for platform in PLATFORMS.values() if platform.has_images]


@command("envlock build", "envlock build train --output train.tar", "envlock build --load")
@many_envs
@click.option("--output", type=click.Path(path_type=Path), help="Write a folder (an OCI layout), or a file FILE.tar.")
@click.option("--load", is_flag=True, help="Load it into the Docker engine.")
@click.option("--no-cache", is_flag=True, help="Make every layer anew.")
@click.option("--platform", "platforms", type=click.Choice(_PLATFORMS), multiple=True, help="Only for this platform.")
@as_json("names, digests and layers")
def build_command(session: Session, envs: tuple[str, ...], as_json: bool, **flags: Any) -> None:
    """Make a container image of the environment and print its digest.

    No Docker is needed. What was built before is used again: the same lock gives the same image, byte for byte.
    """
    projects = session.projects(envs)
    if flags["output"] and len(projects) > 1:
        raise click.UsageError("`--output` takes one environment")
    options = BuildOptions(
        output=flags["output"], load=flags["load"], use_cache=not flags["no_cache"], platforms=flags["platforms"]
    )
    shapes = []
    for project in projects:
        with session.context() as context:
            result = build(project, context, options)
        for line in build_lines(result):
            session.console.note(line)
        if not as_json:
            session.console.data(result.reference)
        shapes.append(_shape(project.name, result))
    if as_json:
        session.console.json(shapes)


def _shape(environment: str, result: BuildResult) -> dict[str, object]:
    return {
        "environment": environment,
        "name": result.name,
        "digest": result.image.manifest.digest,
        "layers": [asdict(layer) for layer in result.layers],
    }
