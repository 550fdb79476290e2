"""`envlock init`"""

import os
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.init_from import Wish, init_from
from envlock.model.spec import DEFAULT_CHANNEL, DEFAULT_PYTHON, CondaSpec, EnvSpec, ImageSpec, PipSpec
from envlock.workflows.init import init


@command(
    "envlock init",
    "envlock init train --python 3.12 --conda 'numpy >=1.26' --pip 'flask >=3'",
    "envlock init serve --pip flask --base python:3.12-slim",
    "envlock init train --from environment.yml",
    "envlock init train --from curated/sklearn",
    "envlock init train-gpu --from train@3 --to envs/train-gpu",
)
@click.argument("name", required=False)
@click.option("--python", metavar="VERSION", help=f"Minor or exact version; else {DEFAULT_PYTHON}.")
@click.option("--conda", multiple=True, metavar="SPEC", help="A conda package (a match spec); may be repeated.")
@click.option("--pip", multiple=True, metavar="SPEC", help="A PyPI package (PEP 508); may be repeated.")
@click.option("--channel", multiple=True, metavar="C", help="A conda channel: name, URL or path; may be repeated.")
@click.option("--base", metavar="REF", help="The base image: a reference, `oci:FOLDER` or `scratch`.")
@click.option("--from", "origin", metavar="WHAT", help="A file of another tool; ENV, ENV@V, URL#ENV; curated/NAME.")
@click.option(
    "--to", "folder", type=click.Path(path_type=Path), default=Path(), metavar="DIR", help="Its folder; else this one."
)
def init_command(session: Session, name: str | None, origin: str | None, folder: Path, **flags: Any) -> None:
    """Write env.toml in the current folder, and tell git how to treat it and env.lock.

    Without NAME the environment is named like the folder. With `--from` it is what another is, pins and all, or what
    `envlock import` makes of a file.
    """
    if origin is not None:
        init_from(session, Wish(origin=origin, name=name, folder=folder, flags=flags))
        return
    spec = EnvSpec(
        name=name or "",
        python=flags["python"] or DEFAULT_PYTHON,
        conda=CondaSpec(channels=flags["channel"] or (DEFAULT_CHANNEL,), dependencies=flags["conda"]),
        pip=PipSpec(dependencies=flags["pip"]),
        image=ImageSpec(base=flags["base"]),
    )
    written = init(folder, spec)
    session.console.note(f"wrote {', '.join(os.path.relpath(file) for file in written)}")
