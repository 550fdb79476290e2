"""Values of the image settings, as they stand in env.toml and in env.lock."""

import posixpath
import re

_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*|\d{1,10}(?::\d{1,10})?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# what activation and the image's own layout decide; PYTHONHOME would take the environment's Python away from it
_OWN = ("CONDA_PREFIX", "PATH", "PYTHONHOME", "VIRTUAL_ENV")


def user(text: str) -> str:
    """A user's name, a uid, or uid:gid."""
    if not _USER.fullmatch(text):
        raise ValueError(f"expected a user's name, a uid, or uid:gid, got `{text}`")
    return text


def absolute_path(text: str) -> str:
    """An absolute path inside the image, normalised."""
    if not text.startswith("/") or ".." in text.split("/"):
        raise ValueError(f"expected an absolute path without `..`, got `{text}`")
    return "/" + posixpath.normpath(text).lstrip("/")


def copied_name(path: str) -> str:
    """What a path of `image.copy` is called in `workdir`, as `cp -r` has it: `./src/pkg` -> `pkg`. "" for `./` and
    `../`, which stand for all that is in them."""
    return "" if path.endswith("/") else posixpath.basename(path)


def variable_name(text: str) -> str:
    """The name of an environment variable that is the user's to set."""
    if not _VARIABLE.fullmatch(text):
        raise ValueError("expected letters, digits and `_`, not beginning with a digit")
    if text in _OWN:
        raise ValueError("is set by envlock itself, to where the environment lies")
    return text
