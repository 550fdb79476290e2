"""Groups of other tools by names that env.toml has for groups."""

import re

from envlock.model.spec import MAIN


def group_named(text: str) -> str:
    """`Dev tools` is `dev-tools`; ValueError where nothing of a name is left."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name:
        raise ValueError(f"`{text}` cannot be the name of a group")
    return name if name != MAIN or text == MAIN else f"{name}-group"
