"""`envlock verify`"""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, env_names, insecure_option
from envlock.cli.verdict_lines import right_line, wrong_lines
from envlock.model.image_verdict import Verdict
from envlock.workflows.verify import VerifyOptions, verify


@command(
    "envlock verify registry.example.test/acme/train:lock-3f9a1c22b07d4e18",
    "envlock verify train.tar --env train",
    "envlock verify oci:image --no-cache",
)
@click.argument("image")
@click.option("-e", "--env", metavar="ENV", shell_complete=env_names, help="The environment that it should be of.")
@click.option("--no-cache", is_flag=True, help="Derive every layer anew, also where this machine has it.")
@click.option("--allow-docker", is_flag=True, help="Accept what the docker engine made, which nobody can derive.")
@insecure_option
@as_json("all that was found")
def verify_command(session: Session, image: str, env: str | None, as_json: bool, **flags: Any) -> int:
    """Say whether an image is what its lock makes: in a registry, in a folder (oci:DIR) or in a file.

    It is derived anew from packages that are fetched by the lock's hashes, and every byte of it is held against that;
    nothing inside the image is believed. Exit code 1, with a list, where layers, files or settings are not the same.
    """
    options = VerifyOptions(env=env, start=Path.cwd(), use_cache=not flags["no_cache"])
    with session.context(insecure=flags["insecure"]) as context:
        verdict = verify(image, context, options)
    good = verdict.is_good and (flags["allow_docker"] or not verdict.unverifiable)
    if as_json:
        session.console.json(_shape(verdict))
        return 0 if good else 1
    for line in right_line(verdict) if good else wrong_lines(verdict):
        session.console.data(line)
    if verdict.is_good and not good:
        session.console.hint("`--allow-docker` accepts that")
    return 0 if good else 1


def _shape(verdict: Verdict) -> dict[str, object]:
    return {"is_good": verdict.is_good and not verdict.unverifiable, **asdict(verdict)}
