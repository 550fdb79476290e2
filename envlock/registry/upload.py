"""Blobs into a registry: taken over from a neighbour, else by one POST and one PUT, never in chunks.

Some registries take chunks of 4 MiB at most, others only one: a single body of known length is what all of them take.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlencode

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.reference import Reference
from envlock.registry.errors import PASSING
from envlock.registry.exchange import Exchange
from envlock.system.body import Streamed
from envlock.system.http import Passing, Response
from envlock.system.secrets import redact

Pieces = Callable[[], Iterator[bytes]]
WRITES = "pull,push"
_TRIES = 4  # of whole blobs, whose upload broke off
_MOUNTED = ""  # where nothing is left to be sent to


def upload(
    exchange: Exchange, reference: Reference, blob: Descriptor, pieces: Pieces, source: Reference | None = None
) -> bool:
    """Puts a blob into a repository; True where the registry took it over from its repository `source`.

    `pieces` raises at its end where it was not the blob's.
    """
    place = _mount(exchange, reference, blob, source) if source else None
    if place == _MOUNTED:
        return True
    for number in range(_TRIES):
        try:
            _send(exchange, reference, blob, pieces, place or _begin(exchange, reference))
            break
        except Passing as fault:
            if number == _TRIES - 1:
                raise
            # the session may hold a part of the blob, which nothing takes out again: so a new one
            place = None
            exchange.pause(fault, number)
        if is_there(exchange, reference, blob.digest, faults=PASSING):
            break  # all of it had come, and only the answer was lost
    return False


def is_there(
    exchange: Exchange, reference: Reference, digest: str, scope: str = WRITES, faults: Collection[int] = ()
) -> bool:
    """Has the repository this blob? Not where the registry will not say, by these `faults` as well."""
    accepted = (200, 403, 404, *faults)
    with exchange.ask("HEAD", reference, f"blobs/{digest}", accepted=accepted, scope=scope) as response:
        return response.status_code == HTTPStatus.OK


def require_writable(exchange: Exchange, reference: Reference) -> None:
    """OutsideError where a repository takes nothing of us: an upload is begun there, and left."""
    place = _begin(exchange, reference)
    with suppress(OutsideError), exchange.ask("DELETE", reference, place, accepted=(202, 204), scope=WRITES):
        pass  # registries that know no end of it forget it by themselves


def require_digest(response: Response, digest: str) -> None:
    """OutsideError where a registry says that it has stored something else than what it was sent."""
    stored = response.headers.get("Docker-Content-Digest", digest)
    if stored != digest:
        raise OutsideError(f"{redact(response.url)} has stored `{stored[:80]}`, and was sent `{digest}`")


def _mount(exchange: Exchange, reference: Reference, blob: Descriptor, source: Reference) -> str | None:
    """_MOUNTED, else the upload session that was begun in its place, or None where the registry knows no mounts."""
    asked = urlencode({"mount": blob.digest, "from": source.repository}, safe=":/")
    try:
        with exchange.ask(
            "POST", reference, f"blobs/uploads/?{asked}", accepted=(201, 202), scope=WRITES, source=source
        ) as response:
            if response.status_code == HTTPStatus.ACCEPTED:
                return exchange.location(response)
            require_digest(response, blob.digest)
            return _MOUNTED
    except OutsideError:
        return None  # perhaps we may not read there, or it does not know how: it is sent, then


def _begin(exchange: Exchange, reference: Reference) -> str:
    with exchange.ask("POST", reference, "blobs/uploads/", accepted=(202,), scope=WRITES) as response:
        return exchange.location(response)


def _send(exchange: Exchange, reference: Reference, blob: Descriptor, pieces: Pieces, place: str) -> None:
    place = f"{place}{'&' if '?' in place else '?'}{urlencode({'digest': blob.digest})}"
    body = Streamed(lambda: _held_back(pieces()), blob.size)
    headers = {"Content-Type": "application/octet-stream"}
    with exchange.ask("PUT", reference, place, headers=headers, body=body, accepted=(201,), scope=WRITES) as response:
        require_digest(response, blob.digest)


def _held_back(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The pieces, the last only when its source is content: so a registry never has the whole of a damaged blob."""
    held = b""
    for piece in pieces:
        if held:
            yield held
        held = piece
    if held:
        yield held
