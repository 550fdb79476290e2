"""What a manifest states that need not be valid: one of another time, or one that is only listed."""

import tomllib
from typing import Any

from envlock.manifest.workspace import WORKSPACE, Workspace


def stated_name(text: str, folder: str) -> str:
    """The key `name`, else the folder's name, also where the text is no TOML."""
    return stated_texts(text).get("name", folder)


def stated_texts(text: str) -> dict[str, str]:
    """The keys at the top whose values are strings; none where the text is no TOML."""
    return {key: value for key, value in _stated(text).items() if isinstance(value, str)}


def stated_workspace(text: str) -> Workspace:
    """What the manifest in a repository's top says of the repository, as far as that can be read."""
    said = _stated(text)
    table = said.get(WORKSPACE)
    globs = table.get("exclude") if isinstance(table, dict) else None
    texts = [glob for glob in globs if isinstance(glob, str)] if isinstance(globs, list) else []
    return Workspace(exclude=tuple(texts), alone=said.keys() == {WORKSPACE})


def why_unreadable(data: bytes) -> str | None:
    """Why a manifest cannot be read at all: whether what it says is right, is another question."""
    try:
        tomllib.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return f"not UTF-8 text (byte {error.start} cannot be decoded)"
    except (ValueError, RecursionError) as error:
        return f"not TOML: {error}"
    return None


def _stated(text: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except (ValueError, RecursionError):
        return {}
