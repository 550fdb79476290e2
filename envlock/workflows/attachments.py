"""What is pushed beside an image: the lock that it was made from, what is in it (SBOM), and how it came to be.

The lock and the bills of materials are the same wherever the lock is the same: they hang on an image once, whoever
pushes it. Each push of a changed lock sends them, so large ones are stored compressed, which scanners cannot read: all
but the one that most of them look for. The provenance is of one build, with its time.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from envlock import __version__
from envlock.interchange.exports.provenance import Making, provenance
from envlock.model.digest import image_key, image_tag, lock_hash
from envlock.model.image import Descriptor, Image
from envlock.model.layers import LAYOUT
from envlock.model.lock import Lock, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.oci.attachment import COMPRESSED, CYCLONEDX, LOCK, PROVENANCE, SPDX, Attachment
from envlock.oci.compress import compressor_id, gzip_stream
from envlock.oci.document import parse
from envlock.oci.index import read_index
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_config, read_manifest
from envlock.workflows import later, later_images
from envlock.workflows.bill import Billed, bill_of
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.source_revision import revision_of

_BILLS = ((CYCLONEDX, "cyclonedx"), (SPDX, "spdx"))
_SMALL = 40 << 10  # bytes of all documents that are pushed as they are


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """The manifest of one platform."""

    manifest: Descriptor
    locked: PlatformLock
    annotations: Mapping[str, str] = field(default_factory=dict)


def attachments(
    project: Project, lock: Lock, image: Image, context: Context, *, began: datetime | None = None
) -> tuple[Attachment, ...]:
    """The documents about an image that was made from the project's lock, each about what it speaks of; `began` is
    when its making did."""
    name, text, parts = later.read_manifest(project).name, project.lockfile.read_bytes(), tuple(_parts(lock, image))
    making = Making(
        image=image.manifest.digest,
        name=f"{name}:{image_tag(image_key(lock))}",
        environment=name,
        lock=hashlib.sha256(text).hexdigest(),
        keys={part.locked.platform: lock_hash(lock, part.locked) for part in parts},
        bases={p.locked.base.reference or "": p.locked.base.digest or "" for p in parts if p.locked.base.digest},
        engine="docker" if any(p.annotations.get("dev.envlock.reproducible") == "false" for p in parts) else "embedded",
        layout=LAYOUT,
        compressor=compressor_id(),
        version=__version__,
        revision=revision_of(project, context),
        began=began,
        ended=datetime.now(UTC),
    )
    documents = ((LOCK, text, image.manifest), *_bills(name, lock, parts))
    small = sum(len(content) for _, content, _ in documents) <= _SMALL
    return (
        *(_attachment(*each, compressed=not small and each[0] != CYCLONEDX) for each in documents),
        _attachment(PROVENANCE, provenance(making), image.manifest),
    )


def _bills(name: str, lock: Lock, parts: tuple[_Part, ...]) -> Iterator[tuple[str, bytes, Descriptor]]:
    for part in parts:
        bill = bill_of(Billed(name=name, lock=lock, locked=part.locked))
        for artifact_type, form in _BILLS:
            yield artifact_type, later_images.bill_text(bill, form).encode(), part.manifest


def _attachment(artifact_type: str, content: bytes, subject: Descriptor, *, compressed: bool = False) -> Attachment:
    return Attachment(
        artifact_type=artifact_type,
        media_type=f"{artifact_type}{COMPRESSED}" if compressed else artifact_type,
        content=_gzip(content) if compressed else content,
        subject=subject,
    )


def _gzip(content: bytes) -> bytes:
    """The same bytes on any machine."""
    found: list[bytes] = []
    with gzip_stream(found.append, threads=1) as stream:
        stream.write(content)
    return b"".join(found)


def _parts(lock: Lock, image: Image) -> Iterator[_Part]:
    """The manifests of an image, with what is locked for each."""
    layout = Layout(image.layout)
    content = layout.read(image.manifest)
    entries = read_index(content, "the index") if image.is_index else ()
    for manifest in [entry.descriptor for entry in entries] or [image.manifest]:
        content = layout.read(manifest)
        config = read_manifest(content, "the manifest").config
        stated = read_config(layout.read(config), "the config").platform
        annotations = parse(content, "the manifest").optional("annotations")
        yield _Part(
            manifest=manifest,
            locked=next(p for p in lock.platforms if _stated(p) == stated),
            annotations=annotations.text_by_name() if annotations else {},
        )


def _stated(locked: PlatformLock) -> str:
    platform = PLATFORMS[locked.platform]
    return f"{platform.os}/{platform.architecture}"
