"""What hangs on an image: as the registry lists it (OCI 1.1), else in an index under a tag made of its digest.

That tag is kept by whoever attaches something, and a registry replaces it without asking: of two who do so at once
one may undo what the other did. So who has written looks again once another could have, and writes again.
"""

import random
from collections import defaultdict
from collections.abc import Sequence
from http import HTTPStatus
from time import monotonic
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from envlock.errors import OutsideError
from envlock.model.digest import canonical_json
from envlock.model.image import INDEX_TYPE, MANIFEST_TYPE, Descriptor
from envlock.model.reference import Reference
from envlock.oci.document import Node, hex_of, parse
from envlock.oci.image import digest_of
from envlock.oci.index import IndexEntry, read_index
from envlock.registry.exchange import Exchange
from envlock.registry.moved import together

if TYPE_CHECKING:
    from envlock.registry.client import RegistryClient

_SOONEST = 0.05  # seconds, at least, after which the tag is looked at again
_ROUNDS = 20  # of writing it
_PAGES = 100  # of a registry's list
_MOST_READ = 8 << 20  # bytes of all of them


def listed(
    client: "RegistryClient", exchange: Exchange, reference: Reference, artifact_type: str | None
) -> tuple[IndexEntry, ...]:
    """What hangs on the image `reference.digest`, of one type or all."""
    if reference.digest is None:
        raise ValueError("referrers are of a digest: resolve the tag first")
    entries = _of_list(exchange, reference, artifact_type)
    if entries is None:
        found = client.find(_tag(reference))
        entries = read_index(found.content, f"`{_tag(reference)}`") if found else ()
    return tuple(entry for entry in entries if artifact_type in (None, entry.artifact_type))


def attach(client: "RegistryClient", reference: Reference, manifests: Sequence[bytes]) -> int:
    """Puts manifests with a subject into the repository, and where it does not list them into the tag, too.

    Returns how many bytes were sent.
    """
    size = sum(map(len, manifests))
    unlisted: dict[str, list[dict[str, Any]]] = defaultdict(list)
    listed = together(lambda one: client.put(reference.at(digest_of(one)), one, MANIFEST_TYPE), manifests)
    for content in (one for one, is_listed in zip(manifests, listed, strict=True) if not is_listed):
        root = parse(content, "what is attached")
        unlisted[root.field("subject").descriptor().digest].append(_entry(content, root))
    added = together(lambda one: _add(client, _tag(reference.at(one[0])), one[1]), tuple(unlisted.items()))
    return size + sum(added)


def _of_list(exchange: Exchange, reference: Reference, artifact_type: str | None) -> tuple[IndexEntry, ...] | None:
    """What the registry lists, page by page; None where it keeps no lists."""
    place = f"referrers/{reference.digest}"
    if artifact_type:
        place = f"{place}?{urlencode({'artifactType': artifact_type})}"
    entries: list[IndexEntry] = []
    left = _MOST_READ
    for _ in range(_PAGES):
        response, content = exchange.read(reference, place, left, accepted=(200, 400, 403, 404, 405))
        left -= len(content)
        stated = response.headers.get("Content-Type", "").partition(";")[0].strip()
        if response.status_code != HTTPStatus.OK or stated != INDEX_TYPE:
            return None
        entries += read_index(content, f"the referrers of `{reference}`")
        following = response.links.get("next", {}).get("url")
        if not following:
            return tuple(entries)
        place = exchange.place(response, following)
    raise OutsideError(f"the list of what refers to `{reference}` has no end")


def _tag(reference: Reference) -> Reference:
    return Reference(
        registry=reference.registry, repository=reference.repository, tag=f"sha256-{hex_of(reference.digest or '')}"
    )


def _entry(content: bytes, root: Node) -> dict[str, Any]:
    """How an index names a manifest: with what says what it is, so that nobody must fetch it to know."""
    annotations, artifact_type = root.optional("annotations"), root.optional("artifactType")
    return IndexEntry(
        descriptor=Descriptor(media_type=MANIFEST_TYPE, digest=digest_of(content), size=len(content)),
        annotations=annotations.text_by_name() if annotations else {},
        artifact_type=artifact_type.text() if artifact_type else root.field("config").field("mediaType").text(),
    ).json()


def _add(client: "RegistryClient", tag: Reference, entries: Sequence[dict[str, Any]]) -> int:
    """Adds to the index under the tag what it lacks, until it has it; returns the bytes sent."""
    size = 0
    for number in range(_ROUNDS):
        began = monotonic()
        root = _there(client, tag)
        kept = root["manifests"]
        digests = {entry["digest"] for entry in kept}
        missing = [entry for entry in entries if entry["digest"] not in digests]
        if not missing:
            return size
        content = canonical_json({**root, "manifests": [*kept, *missing]})
        client.put(tag, content, INDEX_TYPE)
        size += len(content)
        # whoever read the tag before we wrote it has written it after as long as both took us, or so
        client.wait(max(_SOONEST, monotonic() - began) * random.uniform(1, 1 + number))
    raise OutsideError(f"`{tag}` loses what is added to it: others write it all the time", hint="push again")


def _there(client: "RegistryClient", tag: Reference) -> dict[str, Any]:
    """The index under the tag, with all that others have written into it."""
    found = client.find(tag)
    if found is None:
        return {"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": []}
    read_index(found.content, f"`{tag}`")
    return parse(found.content, f"`{tag}`").mapping()
