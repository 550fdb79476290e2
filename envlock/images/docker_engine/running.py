"""What is to be known of an engine before a container is started in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from docker.errors import ImageNotFound

from envlock.images.docker_engine.connection import Engine, connected
from envlock.system.docker_context import EngineAddress

_ROOTLESS = "name=rootless"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """`name` is "Docker" or "Podman"; `architecture` is "amd64" or "arm64"; `rootless`: its root is who runs it;
    `init`: it can put a first process before ours, which hands it signals; `image` is the id of the one that was asked
    for, None where it is not there."""

    address: EngineAddress
    name: str
    architecture: str
    rootless: bool
    init: bool
    image: str | None


def look(environment: Mapping[str, str], images: Iterable[str] = ()) -> Seen:
    """The engine that these variables mean, asked for an image by any of the digests that may be its id there."""
    with connected(environment) as engine:
        told = engine.client.info()
        machine = str(told.get("Architecture", ""))
        return Seen(
            address=engine.address,
            name=engine.name,
            architecture=_ARCHITECTURES.get(machine, machine),
            rootless=_ROOTLESS in (told.get("SecurityOptions") or ()),
            init=_has_init(told),
            image=next((found for digest in images if (found := _id(engine, digest))), None),
        )


def _has_init(told: Mapping[str, Any]) -> bool:
    """Docker asks its init for its version; where there is none, it has none."""
    return bool(told.get("InitBinary")) and (told.get("InitCommit") or {}).get("ID") not in (None, "N/A")


def _id(engine: Engine, digest: str) -> str | None:
    try:
        found: str = engine.client.images.get(digest).id
    except ImageNotFound:
        return None
    return found
