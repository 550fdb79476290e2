"""What activating an environment would set, told without executing anything."""

import re
from collections.abc import Iterable, Mapping

from envlock.model.lock import ImageSettings, PlatformLock

# in a value what no shell gives a meaning to; spaces where they are quoted
_EXPORT = re.compile(
    r"export (?P<name>[A-Za-z_][A-Za-z0-9_]*)="
    r"""(?:(?P<quote>["'])(?P<quoted>[^"'$`\\]*)(?P=quote)|(?P<plain>[^\s"'$`\\;&|<>(){}*?\[\]~]*))[ \t]*"""
)
# `getpass.getuser()` takes the name; /tmp is there on a read-only root, too
_NAMELESS = {"HOME": "/tmp", "USER": "user"}


def environment(
    locked: PlatformLock,
    image: ImageSettings,
    *,
    prefix: str | None,
    path: str,
    activated: Iterable[tuple[str, str]] = (),
) -> dict[str, str]:
    """The variables of an environment at `prefix`: `path` is the PATH to stand behind its own folder.

    `prefix` is None for an image that has nothing but its base. `activated` is what packages set when conda activates
    them; `[variables]` outranks it.
    """
    if prefix is None:
        return {**dict(image.variables), "PATH": path}
    # packages in a user's home would come before the locked ones; a virtual environment never looks there
    own = {"CONDA_PREFIX": prefix} if locked.conda else {"VIRTUAL_ENV": prefix}
    first = {"PYTHONNOUSERSITE": "1", **dict(activated)} if locked.conda else dict(activated)
    return {**first, **dict(image.variables), **own, "PATH": f"{prefix}/bin:{path}" if path else f"{prefix}/bin"}


def user_variables(user: str | None, base: Mapping[str, str]) -> dict[str, str]:
    """What a user who is a number needs to be told, as no /etc/passwd need know it: a name, and a home that it may
    write to. `base` is what the base sets, and keeps."""
    if user is None or not user[:1].isdecimal() or int(user.partition(":")[0]) == 0:
        return {}
    return {name: value for name, value in _NAMELESS.items() if name not in base}


def literal_exports(script: str) -> Mapping[str, str]:
    """The plain `export NAME=value` lines of an activation script; anything a shell would have to work out is not.

    Nor is an indented line: it stands in a condition or a function.
    """
    found = filter(None, map(_EXPORT.fullmatch, script.splitlines()))
    return {match["name"]: match["plain"] if match["quote"] is None else match["quoted"] for match in found}
