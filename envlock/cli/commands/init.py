"""`envlock init`"""

import os
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.model.spec import DEFAULT_CHANNEL, DEFAULT_PYTHON, CondaSpec, EnvSpec, ImageSpec, PipSpec
from envlock.workflows.init import init


@command(
    "envlock init",
    "envlock init train --python 3.12 --conda 'numpy >=1.26' --pip 'flask >=3'",
    "envlock init serve --pip flask --base python:3.12-slim",
)
@click.argument("name", required=False)
@click.option("--python", default=DEFAULT_PYTHON, show_default=True, metavar="VERSION", help="Minor or exact version.")
@click.option("--conda", multiple=True, metavar="SPEC", help="A conda package (a match spec); may be repeated.")
@click.option("--pip", multiple=True, metavar="SPEC", help="A PyPI package (PEP 508); may be repeated.")
@click.option("--channel", multiple=True, metavar="C", help="A conda channel: name, URL or path; may be repeated.")
@click.option("--base", metavar="REF", help="The base image: a reference, `oci:FOLDER` or `scratch`.")
def init_command(session: Session, name: str | None, **flags: Any) -> None:
    """Write env.toml in the current folder, and tell git how to treat it and env.lock.

    Without NAME the environment is named like the folder.
    """
    spec = EnvSpec(
        name=name or "",
        python=flags["python"],
        conda=CondaSpec(channels=flags["channel"] or (DEFAULT_CHANNEL,), dependencies=flags["conda"]),
        pip=PipSpec(dependencies=flags["pip"]),
        image=ImageSpec(base=flags["base"]),
    )
    written = init(Path.cwd(), spec)
    session.console.note(f"wrote {', '.join(os.path.relpath(file) for file in written)}")
