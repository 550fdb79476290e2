"""The name of an environment whose manifest is a text of another time, and need not be valid now."""

import tomllib


def stated_name(text: str, folder: str) -> str:
    """The key `name`, else the folder's name, also where the text is no TOML."""
    try:
        name = tomllib.loads(text).get("name")
    except (ValueError, RecursionError):
        return folder
    return name if isinstance(name, str) else folder
