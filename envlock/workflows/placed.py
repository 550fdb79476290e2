"""Which repository of a registry has a blob already, as far as this machine has put it there: so that it is taken over
from there and not sent again. What is noted may be no longer true, and nothing relies on it."""

import hashlib
from collections.abc import Iterable

from envlock.model.reference import Reference
from envlock.oci.document import Node
from envlock.system.cache import Cache

_PLACED = "placed"
_MOST = 5000  # blobs a registry


def placed(registry: str, cache: Cache) -> dict[str, str]:
    """Repositories, by digest."""
    return cache.record(_PLACED, _key(registry), lambda told: Node(told, _PLACED).text_by_name()) or {}


def note_placed(reference: Reference, digests: Iterable[str], cache: Cache) -> None:
    """Notes what a repository has now; the latest are kept."""
    known = placed(reference.registry, cache)
    new = {digest: reference.repository for digest in digests if digest not in known}
    if new:
        latest = list({**known, **new}.items())[-_MOST:]
        cache.keep(_PLACED, _key(reference.registry), dict(latest), lasting=False)


def _key(registry: str) -> str:
    return hashlib.sha256(registry.encode()).hexdigest()
