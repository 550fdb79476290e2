"""`envlock save`"""

import os
from pathlib import Path
from typing import Any

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, env_names
from envlock.cli.text import number, size
from envlock.model.platform import PLATFORMS
from envlock.workflows import later_import
from envlock.workflows.saved_names import ENVLOCK, FORMAT_NAMES


@command(
    "envlock save train ../train-saved",
    "envlock save train@3 /media/usb/train --with-packages",
    "envlock save train out --format azureml",
)
@click.argument("env", shell_complete=env_names)
@click.argument("folder", type=click.Path(path_type=Path), metavar="DIR")
@click.option("--with-packages", "packages", is_flag=True, help="All packages and the base image, too.")
@click.option("--platform", "platforms", multiple=True, type=click.Choice([*PLATFORMS]), metavar="P",
              help="Packages for this platform alone; may be repeated.")  # fmt: skip
@click.option("--format", type=click.Choice([*FORMAT_NAMES]), default=ENVLOCK, help="As which tool reads it.")
@click.option("--overwrite", is_flag=True, help="Replace a folder that was saved before.")
@as_json("the folder, its size and what is not in it")
def save_command(session: Session, env: str, folder: Path, as_json: bool, **flags: Any) -> None:
    """Save an environment as a folder that works by itself: env.toml, env.lock and all files that they name.

    With packages, it is installed and built from the folder without any network. Saved twice, it is equal byte for
    byte. ENV may be of another time or repository, as `train@3`.
    """
    with session.context() as context:
        saved = later_import.save(session.environment(env, context), folder, context, **flags)
    if as_json:
        told = {"name": saved.name, "folder": str(saved.folder), "files": saved.files, "size": saved.size}
        session.console.json({**told, "notes": [*saved.notes]})
        return
    for note in saved.notes:
        session.console.note(f"note: {note}")
    session.console.note(f"saved {saved.name} to {os.path.relpath(saved.folder)}: "
                         f"{number(saved.files, 'file')}, {size(saved.size)}")  # fmt: skip
