"""What `import` and `init --from` share: what is said of the file that is read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import click

from envlock.model.platform import PLATFORMS
from envlock.workflows.import_asked import Asked, ImportOptions

_Command = TypeVar("_Command", bound=Callable[..., int | None])
_FILE = click.Path(path_type=Path)


def import_options(function: _Command) -> _Command:
    """How a file is read, and what is made of it."""
    options = (
        click.option("--name", metavar="NAME", help="Its name; else what the file says, else the folder's."),
        click.option(
            "--to", "folder", type=_FILE, default=Path(), metavar="DIR", help="The folder of env.toml; else this one."
        ),
        click.option("--format", "kind", metavar="KIND", help="Which kind of file it is, where it is not told."),
        click.option("--pins", type=_FILE, metavar="FILE", help="A lock that pins what the file asks for."),
        click.option(
            "--platform", "platforms", multiple=True, type=click.Choice([*PLATFORMS]), metavar="P",
            help="For this platform; may be repeated.",
        ),
        click.option("--group", "groups", multiple=True, metavar="G", help="This group or extra; may be repeated."),
        click.option("--python", metavar="VERSION", help="Minor or exact version, in place of what the file says."),
        click.option("--base", metavar="REF", help="The base image: a reference, `oci:FOLDER` or `scratch`."),
        click.option("--allow-urls", "urls", is_flag=True, help="Read what the file names by a URL, too."),
        click.option("--overwrite", is_flag=True, help="Replace an env.toml, and an env.lock, that are here already."),
        click.option("--dry-run", is_flag=True, help="Write nothing: print the env.toml that it would be."),
    )  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def asked_and_options(flags: Mapping[str, Any]) -> tuple[Asked, ImportOptions]:
    """The flags as values."""
    asked = Asked(kind=flags["kind"], platforms=flags["platforms"], groups=flags["groups"], urls=flags["urls"])
    options = ImportOptions(
        name=flags["name"],
        python=flags["python"],
        base=flags["base"],
        pins=flags["pins"],
        overwrite=flags["overwrite"],
        write=not flags["dry_run"],
    )
    return asked, options
