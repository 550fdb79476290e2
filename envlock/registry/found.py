"""A manifest or index as a registry gave it, checked against its digest and read once."""

import hashlib
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.model.image import INDEX_TYPE, Descriptor
from envlock.model.reference import Reference
from envlock.oci.document import parse
from envlock.oci.manifest import INDEX_TYPES, Manifest, read_document


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The bytes of a manifest or index, and what describes them."""

    descriptor: Descriptor
    content: bytes


def read_found(reference: Reference, content: bytes, stated: str) -> Found:
    """What came for a reference; OutsideError for other bytes than its digest names, and for what is no image.

    `stated` is the media type that the registry gives, for an index that does not say its own.
    """
    digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
    if reference.digest not in (None, digest):
        raise OutsideError(f"`{reference}` came with other bytes: their digest is {digest}")
    document = read_document(content, f"`{reference}`")
    media_type = document.media_type if isinstance(document, Manifest) else _index_type(reference, content, stated)
    return Found(descriptor=Descriptor(media_type=media_type, digest=digest, size=len(content)), content=content)


def _index_type(reference: Reference, content: bytes, stated: str) -> str:
    said = parse(content, f"`{reference}`").optional("mediaType")
    media_type = said.text() if said else stated.partition(";")[0].strip()
    return media_type if media_type in INDEX_TYPES else INDEX_TYPE
