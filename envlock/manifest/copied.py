"""The text of an env.toml for another environment: another name, and paths as they are seen from another folder."""

import tomllib

from envlock.manifest.editor import plain_text
from envlock.manifest.layers import rebased
from envlock.manifest.value_edits import NotEditable, with_values


def copied(text: str, name: str, folder: str) -> str:
    """The same text under that name, its relative paths made to start `folder` (which leads from the new place to the
    old) further; NotEditable where that is beyond us."""
    wanted = {**rebased(tomllib.loads(text), folder), "name": name}
    return with_values(text, wanted, [plain_text(wanted)])


def names_paths(text: str) -> bool:
    """Does it say anything of files that lie beside it?"""
    values = tomllib.loads(text)
    return bool(rebased(values, "elsewhere") != values)


__all__ = ["NotEditable", "copied", "names_paths"]
