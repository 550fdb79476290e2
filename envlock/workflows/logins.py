"""Logins for indexes, channels and mirrors, from where the environment of the process says; never written anywhere."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, Package, PipPackage
from envlock.model.spec import Index
from envlock.sources.channel_logins import login_for, read_logins
from envlock.sources.places import Sources
from envlock.system.login import Login
from envlock.system.mirrors import mirror
from envlock.system.process import run
from envlock.system.secrets import Secret
from envlock.workflows.context import Context

if TYPE_CHECKING:
    from envlock.system.http import Http

_KEYRING = "keyring"


def sources_of(channels: tuple[str, ...], indexes: tuple[Index, ...], folder: Path, context: Context) -> Sources:
    """Where the channels and indexes of a manifest in `folder` are, with the mirrors that this machine has of them."""

    def address(name: str) -> str | None:
        found = mirror(name, context.environment)
        return found.url if found else None

    return Sources.of(channels, indexes, folder, address)


def logged_in(sources: Sources, context: Context) -> "Http":
    """The way to the network, which says to each of these indexes, and to their mirrors, who we are."""
    http = context.http  # once: what is logged in is what is given back
    for name in sources.indexes:
        for url, login in _of_index(name, sources, context.environment):
            http.log_in(url, login.user, login.secret.reveal())
    return http


def logins(sources: Sources, context: Context) -> Callable[[Package, str], Login | None]:
    """Who we are to the server of a package: by host for conda's, for a wheel as its index is told, on that server."""

    @cache
    def of_channels() -> Mapping[str, Any]:
        return read_logins(_auth_file(context.environment))

    def login(package: Package, url: str) -> Login | None:
        if isinstance(package, CondaPackage):
            return _on_server(url, _of_mirror(package.channel, context.environment)) or login_for(url, of_channels())
        if not isinstance(package, PipPackage) or package.index is None:
            return None
        return _on_server(url, _of_index(package.index, sources, context.environment))

    return login


def _on_server(url: str, known: Iterable[tuple[str, Login]]) -> Login | None:
    """What is known for the server of a URL: of several, what was given first."""
    return next((login for place, login in known if urlsplit(place)[:2] == urlsplit(url)[:2]), None)


def _auth_file(environment: Mapping[str, str]) -> Path:
    """The file that py-rattler reads, too, when it solves."""
    usual = Path(environment.get("HOME", "/"), ".rattler", "credentials.json")
    return Path(environment.get("RATTLER_AUTH_FILE") or usual)


def uv_logins(indexes: Iterable[Index], environment: Mapping[str, str]) -> dict[str, str]:
    """The logins of indexes, or of the mirrors in their place, as variables that uv reads."""
    netrc = environment.get("NETRC")
    # what `uv auth login` keeps would choose what can then not be fetched; no folder, so that uv makes none
    found = {"UV_CREDENTIALS_DIR": os.devnull, **({"NETRC": netrc} if netrc else {})}
    for index in indexes:
        given = mirror(index.name, environment)
        # who asks the index itself, though it has a mirror, must not say there what is for the mirror
        mirrored = given is not None and given.url == index.url
        login = given.login if given and mirrored else _given(index.name, index.url, environment)
        for part, value in (("USERNAME", login.user), ("PASSWORD", login.secret.reveal())) if login else ():
            if value:
                found[f"UV_INDEX_{_key(index.name)}_{part}"] = value
    return found


def _of_index(name: str, sources: Sources, environment: Mapping[str, str]) -> Iterator[tuple[str, Login]]:
    """Addresses of an index, with a login each: of its mirror, and its own."""
    yield from _of_mirror(name, environment)
    url = sources.indexes.get(name)
    login = _given(name, url, environment) if url else None
    if url and login:
        yield url, login


def _of_mirror(name: str, environment: Mapping[str, str]) -> Iterator[tuple[str, Login]]:
    given = mirror(name, environment)
    if given and given.login:
        yield given.url, given.login


def _given(index: str, url: str | None, environment: Mapping[str, str]) -> Login | None:
    """The login that variables give for an index; where they name only a user, the keyring has the password."""
    user, password = (environment.get(f"ENVLOCK_INDEX_{_key(index)}_{part}", "") for part in ("USERNAME", "PASSWORD"))
    if user and url and not password:
        return Login("basic", _in_keyring(url, user, tuple(environment.items())), user)
    return Login("basic", Secret(password), user) if user or password else None


@cache
def _in_keyring(url: str, user: str, environment: tuple[tuple[str, str], ...]) -> Secret:
    """The password of a user, as pip and uv ask for it: by the address of the index, then by its host."""
    for service in (url, urlsplit(url).netloc):
        try:
            done = run((_KEYRING, "get", service, user), environment=dict(environment))
        except OutsideError:
            break  # there is none: some indexes want a user alone
        if done.code == 0 and done.stdout.strip():
            return Secret(done.stdout.strip("\r\n"))
    return Secret("")


def _key(index: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", index.upper())
