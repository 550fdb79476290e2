"""What hangs on an image in a registry without being part of it: artifact manifests with a `subject` (OCI 1.1)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.model.digest import canonical_json
from envlock.model.image import MANIFEST_TYPE, Descriptor
from envlock.oci.image import digest_of

LOCK = "application/vnd.envlock.lock.v1+toml"
CYCLONEDX = "application/vnd.cyclonedx+json"
SPDX = "application/spdx+json"
PROVENANCE = "application/vnd.in-toto+json"
COMPRESSED = "+gzip"  # ends the media type of a document that is stored compressed
EMPTY_TYPE = "application/vnd.oci.empty.v1+json"
EMPTY = b"{}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A document about the manifest or index `subject`; `artifact_type` says to registries what it is."""

    artifact_type: str
    media_type: str
    content: bytes
    subject: Descriptor
    annotations: Mapping[str, str] = field(default_factory=dict)

    @property
    def blobs(self) -> tuple[tuple[Descriptor, bytes], ...]:
        """What the manifest names: the document, and the empty config."""
        return (_described(self.content, self.media_type), self.content), (_described(EMPTY, EMPTY_TYPE), EMPTY)

    def manifest(self) -> bytes:
        """The manifest, as it is stored: the same document about the same image, the same bytes."""
        (document, _), (config, _) = self.blobs
        fields = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "artifactType": self.artifact_type,
            "config": config.json(),
            "layers": [document.json()],
            "subject": self.subject.json(),
        }
        return canonical_json({**fields, **({"annotations": dict(self.annotations)} if self.annotations else {})})


def _described(content: bytes, media_type: str) -> Descriptor:
    return Descriptor(media_type=media_type, digest=digest_of(content), size=len(content))
