"""`envlock tree`"""

from dataclasses import asdict
from pathlib import Path

import click

from envlock.cli.command import Session, command
from envlock.cli.options import as_json, env_names, platform_option
from envlock.cli.tree_lines import REPEATED, is_repeated, section_lines
from envlock.errors import UserInputError
from envlock.workflows.graphs import environment_and_package
from envlock.workflows.tree import tree_view


@command(
    "envlock tree",
    "envlock tree train --depth 1",
    "envlock tree numpy --invert       # who needs numpy, up to env.toml",
    "envlock tree train numpy --json",
)
@click.argument("words", nargs=-1, metavar="[ENV] [NAME]", shell_complete=env_names)
@platform_option
@click.option("--depth", type=click.IntRange(min=0), metavar="N", help="Show N levels below the first.")
@click.option("--invert", is_flag=True, help="From packages up to what asks for them.")
@as_json("the trees")
def tree_command(session: Session, words: tuple[str, ...], **flags: object) -> None:
    """Show what needs what: from env.toml down, or from the package NAME; packages of Debian and conda, and wheels.

    A subtree is shown once; where it comes again, there is (*). A platform is named where something is not on all.
    """
    if len(words) > 2:
        raise click.UsageError("an environment and a package can be named, no more", click.get_current_context())
    as_json = flags.pop("as_json")
    with session.context() as context:
        project, name = environment_and_package(words, Path.cwd(), context)
        found = tree_view(project, name, **flags)  # type: ignore[arg-type]
    if as_json:
        try:
            session.console.json([asdict(section) for section in found.sections])
        except RecursionError:
            raise UserInputError("the tree is deeper than JSON can be written", hint="`--depth` cuts it off") from None
        return
    for section in found.sections:
        for line in section_lines(section, found.platforms):
            session.console.data(line)
    if any(map(is_repeated, found.sections)):
        session.console.note(f"{REPEATED}: shown above")
