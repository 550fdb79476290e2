"""Who we are to a registry: from the files and helper programs that docker and podman keep it in."""

import base64
import binascii
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envlock.errors import OutsideError
from envlock.model.reference import DOCKER_HUB, Reference
from envlock.system.process import run
from envlock.system.secrets import Secret, redact_text

HUB_KEY = "https://index.docker.io/v1/"  # under this name docker keeps its own hub's
_HUB_NAMES = {"docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"}
_API = {"v1", "v2"}  # what stands behind a host in old files, and is no namespace of podman's
_PODMAN_OF_USERS = Path("/run/containers")  # where podman keeps logins of those who have no session: by user number
_TOKEN_USER = "<token>"  # a helper's user name for "the secret is an identity token"


@dataclass(frozen=True, slots=True)
class Login:
    """A user with a password, an identity token that a token server takes instead of both, or the registry's token."""

    user: str
    secret: Secret
    is_identity_token: bool = False
    is_registry_token: bool = False

    @property
    def bearer(self) -> Secret:
        """The value of an Authorization header that shows a registry's token as it is."""
        return Secret(f"Bearer {self.secret.reveal()}")

    @property
    def basic(self) -> Secret:
        """The value of a Basic Authorization header."""
        pair = f"{self.user}:{self.secret.reveal()}".encode()
        return Secret(f"Basic {base64.b64encode(pair).decode()}")


class Credentials:
    """Logins as the process environment points to them; files are read when a registry asks who we are."""

    def __init__(self, environment: Mapping[str, str], podman: Path = _PODMAN_OF_USERS) -> None:
        self._environment = dict(environment)
        self._podman = podman

    def login(self, reference: Reference) -> Login | None:
        """The login for a repository, from the first file that has one; None to go without."""
        for path in self.files():
            document = read_logins(path)
            try:
                found = self._helped(document, reference.registry) or _kept(document, reference)
            except (AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
                raise OutsideError(f"`{path}`: what it keeps for `{reference.registry}` is malformed") from error
            if found:
                return found
        return None

    def files(self) -> Iterator[Path]:
        """Where logins may be; what a variable names stands for the usual place of that kind."""
        home = self._environment.get("HOME")
        docker, auth = self._environment.get("DOCKER_CONFIG"), self._environment.get("REGISTRY_AUTH_FILE")
        if docker:
            yield Path(docker, "config.json")
        if auth:
            yield Path(auth)
        if home and not docker:
            yield Path(home, ".docker", "config.json")
        if not auth:
            yield from self._podman_files()

    def _podman_files(self) -> Iterator[Path]:
        """Podman's: of this session, of this user of a machine without sessions, and those that last."""
        home, runtime = self._environment.get("HOME"), self._environment.get("XDG_RUNTIME_DIR")
        kept = self._environment.get("XDG_CONFIG_HOME") or (home and str(Path(home, ".config")))
        if runtime:
            yield Path(runtime, "containers", "auth.json")
        elif hasattr(os, "getuid"):
            yield self._podman / str(os.getuid()) / "auth.json"
        if kept:
            yield Path(kept, "containers", "auth.json")

    def _helped(self, document: dict[str, Any], registry: str) -> Login | None:
        """What a helper program answers: the registry's own, else the store for all."""
        helpers = {host_of(key): (key, name) for key, name in (document.get("credHelpers") or {}).items()}
        usual = HUB_KEY if registry == DOCKER_HUB else registry
        key, name = helpers.get(host_of(registry), (usual, None))
        if name == "":
            return None  # as Docker has it: this one stands in the file
        if not name:
            key, name = usual, document.get("credsStore")
        if not name:
            return None
        program = f"docker-credential-{name}"
        # podman asks for its hub by the name in the file, docker by its own
        return self._ask(program, usual, registry) or (self._ask(program, key, registry) if key != usual else None)

    def _ask(self, program: str, key: str, registry: str) -> Login | None:
        # helpers reach keyrings and clouds through variables of their own: they get all there are
        done = run((program, "get"), environment=self._environment, stdin=f"{key}\n")
        if done.code != 0:
            words = redact_text((done.stdout.strip() or done.stderr.strip())[:200])
            if "credentials not found" in words:
                return None
            raise OutsideError(f"`{program}` has no login for `{registry}`: {words or f'exit code {done.code}'}")
        answer = json.loads(done.stdout)
        user, secret = str(answer["Username"]), str(answer["Secret"])
        return Login(user, Secret(secret), is_identity_token=user == _TOKEN_USER) if secret else None


def read_logins(path: Path) -> dict[str, Any]:
    """A file of logins; {} where there is none."""
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise OutsideError(f"`{path}` cannot be read ({error.strerror})") from None
    except ValueError:
        raise OutsideError(f"`{path}` is not JSON", hint="log in anew with `docker login`") from None
    if not isinstance(document, dict):
        raise OutsideError(f"`{path}` is not a JSON object", hint="log in anew with `docker login`")
    return document


def _kept(document: dict[str, Any], reference: Reference) -> Login | None:
    """The login in the file itself: of the repository, of what is above it, or of the registry."""
    kept = {host_of(key): entry for key, entry in (document.get("auths") or {}).items()}
    parts = [host_of(reference.registry), *reference.repository.split("/")]
    names = ("/".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((login for name in names if (login := _login(kept.get(name) or {}))), None)


def host_of(key: str) -> str:
    """A key as all tools mean it: `https://HOST/v1/` is HOST, podman's `HOST/NAMESPACE` stays."""
    _, scheme, rest = key.rpartition("://")
    host, _, path = rest.partition("/")
    host = DOCKER_HUB if host.lower() in _HUB_NAMES else host.lower()
    path = path.strip("/")
    return f"{host}/{path}" if path and not scheme and path not in _API else host


def _login(entry: dict[str, str]) -> Login | None:
    user, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        user, _, password = _decoded(entry["auth"]).partition(":")
    token, shown = entry.get("identitytoken"), entry.get("registrytoken")
    if token:
        return Login(user, Secret(token), is_identity_token=True)
    if shown:
        if not (shown.isascii() and shown.isprintable()):
            raise ValueError("not to be shown in a header")
        return Login(user, Secret(shown), is_registry_token=True)
    return Login(user, Secret(password.rstrip("\0"))) if user else None


def _decoded(auth: str) -> str:
    try:
        return base64.b64decode(auth, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise ValueError("not base64") from None
