"""The name of an environment."""

from envlock.model.fields import Table, matching

WORDS = "lower-case letters and digits, joined by single `.`, `_` or `-`"
_words = matching(r"[a-z0-9]+(?:[._-][a-z0-9]+)*", WORDS)
_RESERVED = "envlock-"


def environment_name(text: str) -> str:
    """A name as git refs, folders and registries can all carry it."""
    if _words(text).endswith(".lock"):
        raise ValueError("must not end in `.lock`, which git keeps for itself")
    if text.startswith(_RESERVED):
        raise ValueError(f"names beginning with `{_RESERVED}` are kept for the environments that come with envlock")
    return text


def folder_name(root: Table, folder: str) -> str:
    """The name of an environment whose manifest gives none."""
    if "name" in root:
        return ""  # it is wrong, and noted
    try:
        return environment_name(folder)
    except ValueError:
        root.refuse("name", f"missing, and the folder's name, `{folder}`, cannot stand in for it: write one")
        return ""
