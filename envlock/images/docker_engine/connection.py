"""A connection to the engine that is meant, and its refusals in its own words."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import docker
from docker.constants import DEFAULT_DOCKER_API_VERSION
from docker.errors import APIError, DockerException
from docker.tls import TLSConfig
from requests.exceptions import RequestException

from envlock.errors import EnvlockError, OutsideError
from envlock.system.docker_context import EngineAddress, find_engine
from envlock.system.ssh_relay import relayed

_TIMEOUT = 600  # seconds: an engine answers only when it has unpacked everything
_CA, _CERTIFICATE, _KEY = "ca.pem", "cert.pem", "key.pem"
_NO_EXECUTION = "exec format error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that answers. `name` is "Docker", "Podman" or what else it calls itself."""

    client: Any
    address: EngineAddress
    name: str
    version: str

    @property
    def has_buildkit(self) -> bool:
        return self.name != "Podman"

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@contextmanager
def connected(environment: Mapping[str, str]) -> Iterator[Engine]:
    """The engine, while it is asked something; OutsideError with its own words where it refuses or is not there."""
    address = find_engine(environment)
    with ExitStack() as held:
        try:
            url = held.enter_context(relayed(address.url, environment))
            engine = _known(url, address, held)
        except (DockerException, RequestException, OSError) as error:
            raise failed(error, address) from error
        try:
            yield engine
        except (DockerException, RequestException) as error:
            raise failed(error, address) from error


def engine_version(environment: Mapping[str, str]) -> str:
    """The engine as it names itself and where it was found: "Docker 20.10.24+dfsg1 (the usual socket)"."""
    with connected(environment) as engine:
        return f"{engine} ({engine.address.where}: {engine.address.url})"


def failed(error: Exception, address: EngineAddress) -> EnvlockError:
    """What an engine refused, or why nothing could be asked of it."""
    if isinstance(error, APIError) and error.explanation:
        return refusal(str(error.explanation))
    reason = _system_reason(error) or str(error)
    found = f" ({address.where}: {address.url})"
    return OutsideError(
        f"the Docker engine does not answer: {reason}{found}", hint="is it running? `envlock doctor` looks"
    )


def refusal(said: str) -> OutsideError:
    """What an engine said, and what to do about it where that is known."""
    said = said.strip()
    hint = next((hint for words, hint in _HINTS.items() if words in said.lower()), None)
    return OutsideError(f"the Docker engine refuses: {said}", hint=hint)


_HINTS = {
    _NO_EXECUTION: "the engine's machine does not run programs of that platform: register qemu there"
    " (Debian's `qemu-user-static`), or build on a machine of it",
    "no space left on device": "make room on the engine's disk: `docker system df` shows what takes it",
    "permission denied": "are you in the group `docker`?",
    "unauthorized": "`docker login` with the registry of the image that it asks for",
    "toomanyrequests": "`docker login` with the registry of the image that it asks for",
}


def _known(url: str, address: EngineAddress, held: ExitStack) -> Engine:
    def client(version: str) -> Any:
        made = docker.DockerClient(base_url=url, version=version, timeout=_TIMEOUT, tls=_tls(address))
        held.callback(made.close)
        # else REQUESTS_CA_BUNDLE would outrank the authority that was given for this engine
        made.api.trust_env = False
        return made

    said = client(DEFAULT_DOCKER_API_VERSION).version(api_version=False)
    parts = [str(part.get("Name", "")) for part in said.get("Components") or ()]
    name = "Podman" if any("podman" in part.lower() for part in parts) else "Docker"
    spoken = client(str(said["ApiVersion"]))
    return Engine(client=spoken, address=address, name=name, version=str(said.get("Version", "")))


def _tls(address: EngineAddress) -> TLSConfig | bool:
    folder = address.certificates
    if not address.tls or folder is None:
        return False
    certificate, key = folder / _CERTIFICATE, folder / _KEY
    return TLSConfig(
        client_cert=(str(certificate), str(key)) if certificate.is_file() and key.is_file() else None,
        ca_cert=str(folder / _CA) if (folder / _CA).is_file() else None,
        verify=address.verified,
    )


def _system_reason(error: BaseException | None) -> str | None:
    """What the system said at the bottom of it, such as "Permission denied"; the layers above only quote it."""
    said = None
    while error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else said
        error = error.__cause__ or error.__context__
    return said
