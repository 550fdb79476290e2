"""environment.yml, imported: all that env.toml has a form for is carried over, and a remark names the rest."""

import re
from pathlib import Path

from envlock.errors import UserInputError
from envlock.interchange.conda.environment_reader import EnvironmentReader
from envlock.interchange.source import Source
from envlock.interchange.yaml_nodes import (
    Node,
    Wrong,
    graph,
)
from envlock.model.imported import Imported
from envlock.system.text_file import display

_NAME = re.compile(r"(?:conda[_-]?)?(?:.*[._-])?(?:environment|env|conda[_-]dependencies)(?:[._-].*)?\.ya?ml")
_KEYS = re.compile(r"^[\"']?(dependencies|channels)[\"']?[ \t]*:", re.MULTILINE)
_OTHERS = re.compile(r"^[\"']?(\$schema|conda_file|image|build|package|version|metadata|services)[\"']?[ \t]*:", re.M)
# a template is filled in first; in a value of `variables` this may be meant
_TEMPLATE = re.compile(
    r"^(?:[ \t]*-[ \t].*?(?P<item>\$?\{\{.*?(?:\}\}|$))|name:.*?(?P<name>\$?\{\{.*?(?:\}\}|$))|\s*(?P<tag>\{%.*))"
)


def is_one(path: Path, text: str) -> bool:
    """By its name, or by what conda alone writes on top of a YAML file."""
    if path.suffix.lower() not in (".yml", ".yaml"):
        return False
    if _OTHERS.search(text):
        return False
    return bool(_KEYS.search(text)) if text else bool(_NAME.fullmatch(path.name.lower()))


def read(source: Source) -> Imported:
    """UserInputError where it is no YAML, or still a template; ValueError where it has not the groups asked for."""
    for number, line in enumerate(source.text.split("\n"), start=1):
        template = _TEMPLATE.match(line.partition(" #")[0]) if "{" in line else None
        if template:
            shown = template["item"] or template["name"] or template["tag"]
            raise UserInputError(
                f"{display(source.path)}:{number}: `{shown.strip()}` is a template's, and stands for anything",
                hint="fill the template in, and import what it gives",
            )
    try:
        found = imported_environment(graph(source.text.removeprefix("\ufeff")), source)
    except Wrong as wrong:
        raise UserInputError(f"{display(source.path)}:{wrong.line or 1}: {wrong}") from None
    absent = next((name for name in source.groups if name not in found.spec.group_names), None)
    if absent:
        raise ValueError(f"it has no group `{absent}`: `category: {absent}` makes all of a file one")
    return found


def imported_environment(node: Node, source: Source) -> Imported:
    """A conda specification that is part of a YAML file, or all of one; `source` is that file: its text, in which
    selectors are comments. Wrong where it is none at all."""
    return EnvironmentReader(source).read(node)
