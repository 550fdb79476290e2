"""A login for one run: in a folder of its own that is gone when the run is."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError, escaped
from envlock.forges.nowhere import Nowhere
from envlock.model.ci_event import Event, Kind
from envlock.registry.credentials import Login, read_logins
from envlock.registry.own_login import with_login
from envlock.system.secrets import Secret
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_places import login_place
from envlock.workflows.context import Context

_CONFIG = "config.json"
_PREFIX = "login-"
# what a run without logins is not to see: of registries, channels, indexes and their mirrors
_LOGINS = ("REGISTRY_AUTH_FILE", "RATTLER_AUTH_FILE", "NETRC", "DOCKER_AUTH_CONFIG")
_LOGIN_PREFIXES = ("ENVLOCK_INDEX_", "ENVLOCK_MIRROR_", "ENVLOCK_DEBIAN_")


def usable_login(
    event: Event, username: str | None, password: str | None, context: Context
) -> tuple[str | None, str | None]:
    """What of a login is used: nothing where the event's author must not get at it, or where the forge held back the
    password, as they do for pull requests of forks."""
    if event.has_secrets:
        return None, None
    if event.kind is Kind.PULL_REQUEST and event.forge != Nowhere.name and username and not password:
        context.warn(f"no password came with this pull request: not logged in as `{escaped(username)}`")
        return None, None
    return username, password


@contextmanager
def logged_in(options: CiOptions, username: str | None, password: str | None, context: Context) -> Iterator[Context]:
    """The context of somebody who has logged in to the registry, beside all logins that there are; as it is where no
    user is given."""
    login = _login(username, password)
    registry = login_place(options)
    if login is None or options.plan:  # then no registry is asked
        yield context
        return
    with _folder(options.home) as folder:
        _write(folder, with_login(_there(context.environment), registry, login), context.environment)
        environment = {**context.environment, "DOCKER_CONFIG": str(folder)}
        # questions that were answered to somebody else are asked anew
        yield replace(context, environment=environment, _asked={})


def without_logins(context: Context) -> Context:
    """The same of somebody whom nobody knows, for what holds words of people who are not to get at a login."""
    nowhere = f"{os.devnull}/nobody"  # where nothing can be made, either
    kept = {
        name: value
        for name, value in context.environment.items()
        if name not in _LOGINS and not name.startswith(_LOGIN_PREFIXES)
    }
    hidden = {"DOCKER_CONFIG": nowhere, "REGISTRY_AUTH_FILE": f"{nowhere}/auth.json", "NETRC": os.devnull}
    return replace(context, environment={**kept, **hidden, "HOME": nowhere, "XDG_CONFIG_HOME": nowhere}, _asked={})


def _login(username: str | None, password: str | None) -> Login | None:
    """Of what was given, if anything was; a password from a file has often a line's end behind it."""
    user, secret = (username or "").strip(), (password or "").rstrip("\r\n")
    if not user and not secret:
        return None
    if not user or not secret:
        given, lacks = ("username", "password") if user else ("password", "username")
        raise UserInputError(
            f"a login takes both: a {given} is given, and no {lacks}",
            hint="`--username` (or ENVLOCK_CI_USERNAME) and the variable ENVLOCK_CI_PASSWORD; leave out both for none",
        )
    if ":" in user:
        raise UserInputError("a username has no `:` in it, which ends it in a login")
    try:
        f"{user}:{secret}".encode()
    except UnicodeEncodeError:  # it holds the text, and would be shown with it
        raise UserInputError("the username or the password is not UTF-8") from None
    return Login(user, Secret(secret))


@contextmanager
def _folder(home: Path | None) -> Iterator[Path]:
    """A folder that nobody else may look into; removed whatever happens, the login first."""
    if home:
        home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX if home else f"envlock-{_PREFIX}", dir=home)).absolute()
    try:
        yield folder
    finally:
        with suppress(FileNotFoundError):
            (folder / _CONFIG).unlink()
        shutil.rmtree(folder, ignore_errors=True)


def _there(environment: Mapping[str, str]) -> dict[str, Any]:
    """Docker's own configuration, as it is."""
    path = _docker_folder(environment)
    return read_logins(path / _CONFIG) if path else {}


def _docker_folder(environment: Mapping[str, str]) -> Path | None:
    home, given = environment.get("HOME"), environment.get("DOCKER_CONFIG")
    return Path(given) if given else Path(home, ".docker") if home else None


def _write(folder: Path, document: Mapping[str, Any], environment: Mapping[str, str]) -> None:
    data = json.dumps(document, indent=1).encode()
    descriptor = os.open(folder / _CONFIG, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    usual = _docker_folder(environment)
    # what docker looks for beside it: plugins, engines by name, certificates
    for path in usual.iterdir() if usual and usual.is_dir() else ():
        if path.name != _CONFIG:
            (folder / path.name).symlink_to(path.absolute())
