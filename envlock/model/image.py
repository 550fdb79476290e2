"""An image as envlock passes it round: a manifest in an OCI layout directory, and nothing more."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envlock.model.reference import Reference

INDEX_TYPE = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar+gzip"
DOCKER_LIST_TYPE = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST_TYPE = "application/vnd.docker.distribution.manifest.v2+json"
# a base may come in Docker's media types; the blobs are the same, so only the name changes in our manifest
OCI_TYPE_OF = {
    "application/vnd.docker.image.rootfs.diff.tar.gzip": LAYER_TYPE,
    "application/vnd.docker.image.rootfs.diff.tar": "application/vnd.oci.image.layer.v1.tar",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """A blob by media type, digest ("sha256:…") and size in bytes."""

    media_type: str
    digest: str
    size: int

    def json(self) -> dict[str, str | int]:
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A manifest, or an index of several, and the layout directory whose blobs it refers to.

    Documents are always there. Layers may be missing: then `elsewhere` says, by digest, a repository that has them, so
    that what is only to be pushed need not be downloaded.
    """

    layout: Path
    manifest: Descriptor
    elsewhere: Mapping[str, Reference] = field(default_factory=dict)

    @property
    def is_index(self) -> bool:
        return self.manifest.media_type in (INDEX_TYPE, DOCKER_LIST_TYPE)
