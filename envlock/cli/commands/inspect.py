"""`envlock inspect`"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.image_lines import image_lines
from envlock.cli.options import as_json, env_names, insecure_option
from envlock.cli.packages_table import list_packages
from envlock.errors import escaped
from envlock.workflows.attached import document
from envlock.workflows.inspect import inspect, place_of, view


@command(
    "envlock inspect train",
    "envlock inspect registry.example.test/acme/train:lock-3f9a1c22b07d4e18 --json",
    "envlock inspect train --sbom > train.cdx.json",
    "envlock inspect debian:bookworm-slim --packages",
)
@click.argument("image", required=False, metavar="[IMAGE|ENV]", shell_complete=env_names)
@click.option("--lock", "wanted", flag_value="lock", help="Print the lock that hangs on it.")
@click.option("--sbom", "wanted", flag_value="sbom", help="Print its bill of materials, as CycloneDX.")
@click.option("--spdx", "wanted", flag_value="spdx", help="Print its bill of materials, as SPDX.")
@click.option("--packages", "wanted", flag_value="packages", help="List what it holds, also what only its base brings.")
@click.option("--provenance", "wanted", flag_value="provenance", help="Print how it was made, as SLSA says it.")
@insecure_option
@as_json("everything")
def inspect_command(session: Session, image: str | None, wanted: str | None, as_json: bool, **flags: Any) -> None:
    """Show an image: its platforms, its layers with their sizes and why they are there, its settings, and what hangs
    on it.

    IMAGE is one in a registry, a folder (oci:DIR) or a file. That of an ENV is looked for in its repository, then on
    this machine.
    """
    with session.context(insecure=flags["insecure"]) as context:
        if wanted == "packages":
            list_packages(session, place_of(image, context, Path.cwd()), context, as_json=as_json)
            return
        if wanted:
            place = place_of(image, context, Path.cwd())
            text = document(place, view(place), wanted)
        else:
            found = inspect(image, context, Path.cwd())
    if wanted:
        for line in text.splitlines():
            session.console.data(escaped(line))
    elif as_json:
        session.console.json(asdict(found))
    else:
        for line in image_lines(found):
            session.console.data(line)
