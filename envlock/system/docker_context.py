"""Which engine is meant: found as the docker program finds it, and Podman's where there is no other.

DOCKER_HOST, else the context that DOCKER_CONTEXT or `docker context use` names, else the usual sockets.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envlock.errors import UserInputError

USUAL = "/var/run/docker.sock"
_SCHEME = "unix://"
_CERTIFICATES = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineAddress:
    """`url` is unix:, tcp:, http(s): or ssh:; `where` says for people what named it; `certificates` is a folder with
    ca.pem, cert.pem and key.pem (any of them) where TLS is spoken; `verified` is whether the engine's own is checked.
    """

    url: str
    where: str
    certificates: Path | None = None
    tls: bool = False
    verified: bool = True

    def variables(self) -> dict[str, str]:
        """What tells the docker program the same."""
        found = {"DOCKER_HOST": self.url}
        if self.tls and self.certificates:
            found["DOCKER_CERT_PATH"] = str(self.certificates)
        return {**found, "DOCKER_TLS_VERIFY": "1"} if self.tls and self.verified else found


def find_engine(environment: Mapping[str, str]) -> EngineAddress:
    """The engine that these variables and the files of docker mean, whether or not it answers."""
    folder = Path(environment.get("DOCKER_CONFIG") or Path(environment.get("HOME", "/"), ".docker"))
    host = environment.get("DOCKER_HOST")
    if host:
        return _of_variables(host, environment, folder)
    # of two names the first counts, and `default` is none of a context
    named = environment.get("DOCKER_CONTEXT")
    context = named or _current_context(folder / "config.json")
    if context and context != "default":
        return _of_context(context, folder)
    return _usual(environment)


def _of_variables(host: str, environment: Mapping[str, str], folder: Path) -> EngineAddress:
    verified = bool(environment.get("DOCKER_TLS_VERIFY"))
    stated = environment.get("DOCKER_CERT_PATH")
    tls = verified or bool(stated)
    return EngineAddress(
        url=host,
        where="DOCKER_HOST",
        certificates=(Path(stated) if stated else folder) if tls else None,
        tls=tls,
        verified=verified,
    )


def _current_context(config: Path) -> str | None:
    try:
        name = _read(config).get("currentContext")
    except UserInputError:
        return None  # it is not there; and who reads logins in it will say what is wrong with it
    return name if isinstance(name, str) else None


def _of_context(name: str, folder: Path) -> EngineAddress:
    """The engine of a context, from where `docker context create` keeps it."""
    kept = hashlib.sha256(name.encode()).hexdigest()
    meta = folder / "contexts" / "meta" / kept / "meta.json"
    if not meta.is_file():
        raise UserInputError(f"there is no docker context `{name}`", hint="`docker context ls` lists them")
    endpoints = _read(meta).get("Endpoints")
    endpoint = endpoints.get("docker") if isinstance(endpoints, dict) else None
    host = endpoint.get("Host") if isinstance(endpoint, dict) else None
    if not isinstance(endpoint, dict) or not isinstance(host, str) or not host:
        raise UserInputError(
            f"the docker context `{name}` names no engine", hint=f"see `docker context inspect {name}`"
        )
    certificates = folder / "contexts" / "tls" / kept / "docker"
    tls = any((certificates / file).is_file() for file in _CERTIFICATES)
    return EngineAddress(
        url=host,
        where=f"context `{name}`",
        certificates=certificates if tls else None,
        tls=tls,
        verified=not endpoint.get("SkipTLSVerify"),
    )


def _usual(environment: Mapping[str, str]) -> EngineAddress:
    """Docker's socket, else one of Podman's that is there: the user's own first."""
    runtime = environment.get("XDG_RUNTIME_DIR")
    rootless = [(f"{runtime}/docker.sock", "rootless Docker's socket")] if runtime else []
    podman = [f"{runtime}/podman/podman.sock"] if runtime else []
    places = [
        (USUAL, "the usual socket"),
        *rootless,
        *((place, "Podman's socket") for place in (*podman, "/run/podman/podman.sock")),
    ]
    place, where = next((each for each in places if Path(each[0]).exists()), places[0])
    return EngineAddress(url=f"{_SCHEME}{place}", where=where)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise UserInputError(f"`{path}` cannot be read: {error}") from error
    return found if isinstance(found, dict) else {}
