"""Logins for conda channels, from the file that conda's newer tools share: by host, as py-rattler reads it."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from envlock.errors import OutsideError
from envlock.system.login import Login
from envlock.system.secrets import Secret


def read_logins(path: Path) -> Mapping[str, Any]:
    """What the file says, by host; nothing where there is no file."""
    try:
        found = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise OutsideError(f"the logins for channels in `{path}` cannot be read", hint="it should be a JSON object")
    return found


def login_for(url: str, logins: Mapping[str, Any]) -> Login | None:
    """The login that stands in a URL, else that for its host, else that of the nearest `*.DOMAIN` above it."""
    parts = urlsplit(url)
    if parts.password is not None:
        return Login("basic", Secret(unquote(parts.password)), unquote(parts.username or ""))
    host = parts.hostname or ""
    labels = host.split(".")
    names = [host, *(f"*.{'.'.join(labels[start:])}" for start in range(len(labels)))]
    return next((_login(logins[name]) for name in names if name in logins), None)


def _login(entry: Any) -> Login | None:
    match entry:
        case {"BasicHTTP": {"username": str(user), "password": str(password)}}:
            return Login("basic", Secret(password), user)
        case {"BearerToken": str(token)}:
            return Login("bearer", Secret(token))
        case {"CondaToken": str(token)}:
            return Login("path", Secret(token))
    return None
