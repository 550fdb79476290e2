"""`envlock push`"""

from typing import Any

import click

from envlock.cli.building import build_each
from envlock.cli.command import Session, command
from envlock.cli.options import as_json, insecure_option, many_envs
from envlock.model.platform import PLATFORMS
from envlock.workflows.build import BuildOptions

_PLATFORMS = [platform.name for platform in PLATFORMS.values() if platform.has_images]


@command("envlock push", "envlock push train --no-attach")
@many_envs
@click.option("--no-attach", is_flag=True, help="Push it without the lock, bills of materials and provenance.")
@click.option("--platform", "platforms", type=click.Choice(_PLATFORMS), multiple=True, help="Only for this platform.")
@insecure_option
@as_json("names, digests, layers and what was pushed")
def push_command(session: Session, envs: tuple[str, ...], **flags: Any) -> int:
    """Push the image that was built of the environment, and print its digest.

    It is built first where it was not. Only what the registry lacks is sent; the tag and what is attached to the image
    are written even where the image is there.
    """
    options = BuildOptions(push=True, ask=False, attach=not flags["no_attach"], platforms=flags["platforms"])
    return build_each(session, envs, options, insecure=flags["insecure"], as_json=flags["as_json"])
