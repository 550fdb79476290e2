"""Blobs out of a registry, in pieces: several at a time, and going on where a connection broke off."""

import hashlib
from collections.abc import Iterator, Sequence

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.reference import Reference
from envlock.oci.blob import BrokenBlob
from envlock.oci.layout import Layout
from envlock.registry.exchange import Exchange
from envlock.registry.moved import Moved, Moves, together
from envlock.system.http import PIECE, BrokenOff, Response, pieces
from envlock.system.secrets import redact

_TRIES = 3  # that bring next to nothing


def fetch(exchange: Exchange, wanted: Sequence[tuple[Reference, Descriptor]], layout: Layout, moved: Moved) -> None:
    """Brings blobs, each from its repository, into a layout, checked. What came whole stays, whatever happens."""
    moves = Moves("downloading", moved, sum(blob.size for _, blob in wanted))

    def bring(one: tuple[Reference, Descriptor]) -> None:
        with layout.writer(digest=one[1].digest, size=one[1].size) as target:
            for piece in moves.seen(_gone_on(exchange, *one)):
                target.write(piece)

    largest_first = sorted(wanted, key=lambda one: -one[1].size)
    together(bring, largest_first)


def blob_pieces(exchange: Exchange, reference: Reference, blob: Descriptor) -> Iterator[bytes]:
    """The bytes of a blob; at their end OutsideError where they are not those of its digest."""
    sha256 = hashlib.sha256()
    for piece in _gone_on(exchange, reference, blob):
        sha256.update(piece)
        yield piece
    found = f"sha256:{sha256.hexdigest()}"
    if found != blob.digest:
        raise BrokenBlob(f"`{blob.digest}` of `{reference}` came with other bytes: their digest is {found}")


def _gone_on(exchange: Exchange, reference: Reference, blob: Descriptor) -> Iterator[bytes]:
    """The bytes as they come, asked for again from where they broke off as long as each time brings some."""
    come, tries = 0, _TRIES
    while True:
        before = come
        try:
            for piece in _from(exchange, reference, blob, come):
                come += len(piece)
                yield piece
            return
        except BrokenOff as fault:
            tries = _TRIES if come - before >= PIECE else tries - 1
            if not tries:
                raise
            exchange.pause(fault, _TRIES - tries)


def _from(exchange: Exchange, reference: Reference, blob: Descriptor, first: int) -> Iterator[bytes]:
    """The bytes of a blob from `first` on. Servers that know no ranges send those before it, too: they are dropped."""
    headers = {"Range": f"bytes={first}-"} if first else {}
    with exchange.ask("GET", reference, f"blobs/{blob.digest}", headers=headers, accepted=(200, 206)) as response:
        come = first if _continues(response, first) else 0
        for piece in pieces(response, limit=None):
            dropped = max(0, min(first - come, len(piece)))
            come += len(piece)
            if come > blob.size:
                raise BrokenBlob(f"`{blob.digest}` has more than {blob.size} bytes, expected {blob.size}")
            if piece[dropped:]:
                yield piece[dropped:]
    if come != blob.size:
        raise BrokenBlob(f"`{blob.digest}` has {come} bytes, expected {blob.size}")


def _continues(response: Response, first: int) -> bool:
    """Does the answer begin where it was asked to? OutsideError for a part that nobody asked for."""
    if response.status_code == 200:
        return False
    if not first or not response.headers.get("Content-Range", "").startswith(f"bytes {first}-"):
        raise OutsideError(f"{redact(response.url)} answers with another part of a blob than it was asked for")
    return True
