"""Mirrors, which stand in the place of a channel or an index on this machine: `ENVLOCK_MIRROR_NAME`.

They may name a user and a password, as only the environment holds them: these never become part of a URL that is used.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from envlock.errors import UserInputError
from envlock.system.login import Login
from envlock.system.secrets import Secret, redact

PREFIX = "ENVLOCK_MIRROR_"
_SCHEMES = ("http", "https", "file")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """An address without login and without slash at its end; and the login, where there is one."""

    url: str
    login: Login | None = None


def variable(name: str) -> str:
    """The variable for a channel or an index: `conda-forge` -> `ENVLOCK_MIRROR_CONDA_FORGE`."""
    return PREFIX + re.sub(r"[^A-Z0-9]", "_", name.upper())


def mirror(name: str, environment: Mapping[str, str]) -> Mirror | None:
    """The mirror of a channel or an index; UserInputError where the variable holds no address."""
    given = environment.get(variable(name))
    return read_mirror(variable(name), given) if given else None


def mirrors(environment: Mapping[str, str]) -> tuple[Mirror, ...]:
    """All there are, whatever they stand for."""
    return tuple(read_mirror(name, environment[name]) for name in sorted(environment) if _is_one(name, environment))


def _is_one(name: str, environment: Mapping[str, str]) -> bool:
    return name.startswith(PREFIX) and bool(environment[name])


def read_mirror(name: str, given: str) -> Mirror:
    """A mirror as a variable or a file gives it; UserInputError with the `name` of that where it is no address."""
    if given.startswith("/"):
        return Mirror(url=Path(given).as_uri().rstrip("/"))
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        raise _no_address(name) from None
    _require_address(name, parts)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    place = f"{host}:{port}" if port else host
    url = urlunsplit((parts.scheme, place, parts.path.rstrip("/"), "", ""))
    if redact(url) != url:
        raise UserInputError(
            f"`{name}` holds a token in its path",
            hint="as `CondaToken` it goes into the file that RATTLER_AUTH_FILE names",
        )
    return Mirror(url=url, login=_login(parts))


def _require_address(name: str, parts: SplitResult) -> None:
    complete = parts.path.startswith("/") and not parts.netloc if parts.scheme == "file" else bool(parts.hostname)
    if parts.scheme not in _SCHEMES or not complete or parts.query or parts.fragment:
        raise _no_address(name)


def _no_address(name: str) -> UserInputError:
    # never what it holds: that may be a password
    return UserInputError(f"`{name}` is neither a URL (http, https, file) nor the absolute path of a folder")


def _login(parts: SplitResult) -> Login | None:
    if not (parts.username or parts.password):
        return None
    return Login("basic", Secret(unquote(parts.password or "")), unquote(parts.username or ""))
