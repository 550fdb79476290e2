"""What is put into an engine for a while: all of it goes at the end, also after a failure, and after a kill next time.

Everything is marked with who made it (this machine and cache) and in which session. A session holds a lock in the
cache while it lasts; what is marked with one whose lock is free was left behind.
"""

import hashlib
import platform
import re
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from docker.errors import APIError, DockerException
from requests.exceptions import RequestException

from envlock.images.docker_engine.connection import Engine, connected
from envlock.images.docker_engine.loading import load_into
from envlock.model.image import Image
from envlock.system.cache import Cache, typed

_OWNERS = "docker-owners"
OWNER, SESSION = "dev.envlock.owner", "dev.envlock.session"
_TOKEN = re.compile("[0-9a-f]{16}")
_STANDS_ON = re.compile(r"FROM ([0-9a-f]{12,64})")  # Podman's words
# in full, as Podman wants names; the host is none that anything could be pushed to
_REPOSITORY = "localhost/envlock-temporary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """An engine, and what marks that which is put into it."""

    engine: Engine
    owner: str
    token: str

    @property
    def labels(self) -> dict[str, str]:
        return {OWNER: self.owner, SESSION: self.token}

    def image_name(self, what: str) -> str:
        return f"{_REPOSITORY}:{self.owner}-{self.token}-{what}"

    def load(self, image: Image, what: str) -> str:
        """Puts an image into the engine until the session ends; its name there."""
        name = self.image_name(what)
        load_into(self.engine, image, [name])
        return name


@contextmanager
def session(environment: Mapping[str, str], cache: Cache) -> Iterator[Session]:
    """A session in the engine that these variables mean."""
    token = secrets.token_hex(8)
    owner = _owner(cache)
    with connected(environment) as engine, cache.lock(_lock(token)):
        _clear_leftovers(engine, owner, cache)
        before = frozenset(str(image["Id"]) for image in engine.client.api.images(all=True))
        try:
            yield Session(engine=engine, owner=owner, token=token)
        finally:
            # an engine that does not answer any more has said so already
            with suppress(DockerException, RequestException):
                _clear(engine, owner, token, before)


def _owner(cache: Cache) -> str:
    """Who may take for left behind what nobody holds a lock of here: this cache alone, on this machine. Its path says
    too little: it is the same in containers that share the host's name and engine."""
    with cache.lock("docker-owner"):
        own = cache.record(_OWNERS, "own", lambda kept: typed(kept, str))
        if own is None:
            own = secrets.token_hex(8)
            cache.keep(_OWNERS, "own", own)
    return hashlib.sha256(f"{platform.node()}\0{own}".encode()).hexdigest()[:16]


def _clear_leftovers(engine: Engine, owner: str, cache: Cache) -> None:
    """Removes what sessions left that were killed."""
    for token in _tokens(engine, owner):
        with cache.try_lock(_lock(token)) as is_over:
            if is_over:
                _clear(engine, owner, token)


def _tokens(engine: Engine, owner: str) -> set[str]:
    found = {str(each["Labels"].get(SESSION, "")) for each in _containers(engine, f"{OWNER}={owner}")}
    found |= {name.rpartition(":")[2].split("-")[1] for name in _names(engine, f"{_REPOSITORY}:{owner}-")}
    # others use the engine, too: what they call a token names a file here
    return {token for token in found if _TOKEN.fullmatch(token)}


def _clear(engine: Engine, owner: str, token: str, before: frozenset[str] | None = None) -> None:
    """Removes a session's containers with their volumes, then its images; what led to these, where it is known which
    images were there `before`."""
    api = engine.client.api
    for container in _containers(engine, f"{SESSION}={token}"):
        with suppress(APIError):  # gone by itself
            api.remove_container(container["Id"], force=True, v=True)
    for name in _names(engine, f"{_REPOSITORY}:{owner}-{token}-"):
        with suppress(APIError):
            steps = [] if before is None else _steps(engine, name, before)
            api.remove_image(name, force=True)
            for step in steps:
                with suppress(APIError):  # it is of another image, too
                    api.remove_image(step)


def _steps(engine: Engine, name: str, before: frozenset[str]) -> list[str]:
    """The images on the way to one, the last first: of a Dockerfile, what Podman keeps of each line. Not those of
    before, and none that has a name."""
    api, found, at = engine.client.api, [], name
    while at:
        top = api.history(at)[0]
        said = _STANDS_ON.fullmatch(str(top.get("Comment", "")))
        known = api.inspect_image(said[1]) if said else {}
        at = str(known.get("Id", ""))
        if not at or at in before or known.get("RepoTags"):
            break
        found.append(at)
    return found


def _containers(engine: Engine, label: str) -> list[dict[str, dict[str, str]]]:
    found: list[dict[str, dict[str, str]]] = engine.client.api.containers(all=True, filters={"label": label})
    return found


def _names(engine: Engine, start: str) -> list[str]:
    listed = engine.client.api.images(filters={"reference": _REPOSITORY})
    return [name for image in listed for name in image.get("RepoTags") or () if name.startswith(start)]


def _lock(token: str) -> str:
    return f"docker-{token}"
