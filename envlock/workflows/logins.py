"""Logins for indexes and channels, from where the environment of the process says; never written anywhere."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.spec import Index
from envlock.sources.channel_logins import login_for, read_logins
from envlock.sources.places import Sources
from envlock.system.login import Login
from envlock.system.secrets import Secret
from envlock.workflows.context import Context

if TYPE_CHECKING:
    from envlock.system.http import Http


def logged_in(sources: Sources, context: Context) -> "Http":
    """The way to the network, which says to each of these indexes who we are."""
    http = context.http  # once: what is logged in is what is given back
    for name, url in sources.indexes.items():
        user, password = _login(name, context.environment)
        if url and (user or password):
            http.log_in(url, user, password)
    return http


def logins(sources: Sources, context: Context) -> Callable[[CondaPackage | PipPackage, str], Login | None]:
    """Who we are to the server of a package: by host for conda's, for a wheel as its index is told, on that server."""

    @cache
    def of_channels() -> Mapping[str, Any]:
        return read_logins(_auth_file(context.environment))

    def login(package: CondaPackage | PipPackage, url: str) -> Login | None:
        if isinstance(package, CondaPackage):
            return login_for(url, of_channels())
        if package.index is None:
            return None
        index = urlsplit(sources.indexes.get(package.index) or "")
        user, password = _login(package.index, context.environment)
        same_server = index[:2] == urlsplit(url)[:2]
        return Login("basic", Secret(password), user) if same_server and (user or password) else None

    return login


def _auth_file(environment: Mapping[str, str]) -> Path:
    """The file that py-rattler reads, too, when it solves."""
    usual = Path(environment.get("HOME", "/"), ".rattler", "credentials.json")
    return Path(environment.get("RATTLER_AUTH_FILE") or usual)


def uv_logins(indexes: Iterable[Index], environment: Mapping[str, str]) -> dict[str, str]:
    """The logins of indexes as variables that uv reads."""
    found = {}
    for index in indexes:
        for part, value in zip(("USERNAME", "PASSWORD"), _login(index.name, environment), strict=True):
            if value:
                found[f"UV_INDEX_{_key(index.name)}_{part}"] = value
    return found


def _login(index: str, environment: Mapping[str, str]) -> tuple[str, str]:
    user, password = (environment.get(f"ENVLOCK_INDEX_{_key(index)}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    return user, password


def _key(index: str) -> str:
    return index.upper().replace("-", "_").replace(".", "_")
