"""Logins for package indexes: read from the environment of the process, never written anywhere."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from envlock.model.spec import Index
from envlock.sources.places import Sources
from envlock.workflows.context import Context

if TYPE_CHECKING:
    from envlock.system.http import Http


def logged_in(sources: Sources, context: Context) -> "Http":
    """The way to the network, which says to each of these indexes who we are."""
    for name, url in sources.indexes.items():
        user, password = _login(name, context.environment)
        if url and (user or password):
            context.http.log_in(url, user, password)
    return context.http


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
