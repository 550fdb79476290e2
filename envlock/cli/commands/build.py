"""`envlock build`"""

from pathlib import Path
from typing import Any

import click

from envlock.cli.building import build_each
from envlock.cli.command import Session, command
from envlock.cli.options import as_json, insecure_option, many_envs
from envlock.model.platform import PLATFORMS
from envlock.workflows.build import BuildOptions
from envlock.workflows.later_images import ENGINES

_COMPRESSED = (".tgz", ".tar.gz", ".tar.zst", ".tar.xz", ".tar.bz2")
_PLATFORMS = [platform.name for platform in PLATFORMS.values() if platform.has_images]
_PLATFORM = "Only for this platform; may be repeated. Without it, all locked ones in one index."
_ENGINE = "Who makes it; without it, docker where the lock has what must be executed."
_REUSE = "Take layers from this image, too; may be repeated."


@command("envlock build", "envlock build train --output train.tar", "envlock build --load", "envlock build --push")
@many_envs
@click.option("--output", type=click.Path(path_type=Path), help="Write a folder (an OCI layout), or a file FILE.tar.")
@click.option("--load", is_flag=True, help="Load it into the Docker engine.")
@click.option("--push", is_flag=True, help="Push it to its repository, unless it is there.")
@click.option("--no-attach", is_flag=True, help="Push it without the lock, bills of materials and provenance.")
@click.option("--reuse", multiple=True, metavar="IMAGE", help=_REUSE)
@click.option("--no-cache", is_flag=True, help="Make every layer anew.")
@click.option("--platform", "platforms", type=click.Choice(_PLATFORMS), multiple=True, help=_PLATFORM)
@click.option("--engine", type=click.Choice([*ENGINES]), help=_ENGINE)
@insecure_option
@as_json("names, digests, layers and what was pushed")
def build_command(session: Session, envs: tuple[str, ...], **flags: Any) -> int:
    """Make a container image of the environment and print its digest.

    No Docker is needed. What was built before is used again: the same lock gives the same image, byte for byte. What
    the registry has is neither built nor sent.
    """
    if flags["output"] and len(envs) > 1:
        raise click.UsageError("`--output` takes one environment")
    if flags["output"] and flags["output"].name.endswith(_COMPRESSED):
        raise click.UsageError("`--output` writes FILE.tar, whose layers are compressed, or a folder")
    if flags["reuse"] and not flags["push"]:
        raise click.UsageError("`--reuse` is of use with `--push`: layers of others stay in the registry")
    options = BuildOptions(
        output=flags["output"],
        load=flags["load"],
        push=flags["push"],
        attach=not flags["no_attach"],
        reuse=flags["reuse"],
        use_cache=not flags["no_cache"],
        platforms=flags["platforms"],
        engine=flags["engine"],
    )
    return build_each(session, envs, options, insecure=flags["insecure"], as_json=flags["as_json"])
