"""A login added to those that Docker keeps, so that it is the one for its registry."""

import base64
from collections.abc import Mapping
from typing import Any

from envlock.model.reference import DOCKER_HUB
from envlock.registry.credentials import HUB_KEY, Login, host_of


def with_login(document: Mapping[str, Any], registry: str, login: Login) -> dict[str, Any]:
    """A Docker configuration with one more login; what it says of other registries stays."""
    key = HUB_KEY if registry == DOCKER_HUB else registry
    pair = base64.b64encode(f"{login.user}:{login.secret.reveal()}".encode()).decode()
    auths, helpers = (_without(registry, document.get(name)) for name in ("auths", "credHelpers"))
    if document.get("credsStore"):
        helpers[key] = ""  # to Docker that is: the login stands in this file, whatever keeps the others
    return {
        **document,
        "auths": {**auths, key: {"auth": pair}},
        **({"credHelpers": helpers} if helpers else {}),
    }


def _without(registry: str, entries: object) -> dict[str, Any]:
    """Entries by registry, but for those of one: under whichever of its names, and of namespaces in it."""
    return (
        {key: entry for key, entry in (entries or {}).items() if host_of(key).partition("/")[0] != registry}
        if isinstance(entries, Mapping)
        else {}
    )
