"""`envlock schema`"""

import json
from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.manifest.schema import FILE, schema
from envlock.system.files import write_whole


@command("envlock schema", f"envlock schema --output {FILE}", "envlock schema | jq '.properties.image'")
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write this file; else to stdout.")
def schema_command(session: Session, output: Path | None) -> None:
    """Print the JSON Schema of env.toml, by which editors complete it.

    An env.toml whose first line is `#:schema ADDRESS` is completed by editors that know TOML; `envlock init` writes it.
    In a repository with an env.schema.json at its top, that is the address.
    """
    text = json.dumps(schema(), indent=2, ensure_ascii=False)
    if output is None:
        session.console.data(text)
    else:
        write_whole(output, f"{text}\n".encode())
        session.console.note(f"wrote {output}")
