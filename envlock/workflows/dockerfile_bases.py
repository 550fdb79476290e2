"""What Dockerfiles made on this machine, by the hash of all that they may copy."""

from envlock.model.image import Descriptor
from envlock.oci.document import Node
from envlock.system.cache import Cache

_BASES = "dockerfile-bases"


def known_base(context: str, platform: str, cache: Cache) -> Descriptor | None:
    """The manifest of what it made last, whether or not all of it is still here."""
    return cache.record(_BASES, f"{context}-{platform}", lambda kept: Node(kept, _BASES).descriptor())


def keep_base(context: str, platform: str, made: Descriptor, cache: Cache) -> None:
    cache.keep(_BASES, f"{context}-{platform}", made.json())
