"""Image indexes: `index.json` of a layout, and what a registry gives for an image of several platforms."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from envlock.model.digest import canonical_json
from envlock.model.image import INDEX_TYPE, Descriptor
from envlock.oci.document import Node, parse

IMAGE_NAME = "io.containerd.image.name"  # the whole reference, which containerd and Docker import by
REFERENCE_NAME = "org.opencontainers.image.ref.name"  # the tag, which skopeo and podman look up


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexEntry:
    """A manifest that an index names; platform and artifact type as the index states them, None where it does not."""

    descriptor: Descriptor
    os: str | None = None
    architecture: str | None = None
    variant: str | None = None
    annotations: Mapping[str, str] = field(default_factory=dict)
    artifact_type: str | None = None

    def json(self) -> dict[str, Any]:
        platform = {"os": self.os, "architecture": self.architecture, "variant": self.variant}
        stated = {name: value for name, value in platform.items() if value is not None}
        optional = {"platform": stated, "annotations": dict(self.annotations), "artifactType": self.artifact_type}
        return {**self.descriptor.json(), **{name: value for name, value in optional.items() if value}}


def read_index(data: bytes, name: str) -> tuple[IndexEntry, ...]:
    """The entries of an index, in its order; OutsideError that names the document `name` and what is wrong."""
    return tuple(_entry(node) for node in parse(data, name).field("manifests").items())


def index_bytes(entries: Iterable[IndexEntry], annotations: Mapping[str, str] | None = None) -> bytes:
    """An index as canonical JSON."""
    manifests = [entry.json() for entry in entries]
    told = {"annotations": dict(annotations)} if annotations else {}
    return canonical_json({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": manifests, **told})


def _entry(node: Node) -> IndexEntry:
    platform = node.optional("platform")
    annotations = node.optional("annotations")
    return IndexEntry(
        descriptor=node.descriptor(),
        os=_stated(platform, "os"),
        architecture=_stated(platform, "architecture"),
        variant=_stated(platform, "variant"),
        annotations=annotations.text_by_name() if annotations else {},
        artifact_type=_stated(node, "artifactType"),
    )


def _stated(platform: Node | None, name: str) -> str | None:
    value = platform.optional(name) if platform else None
    return value.text() if value else None
