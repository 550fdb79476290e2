"""Whole images into a registry: only what it lacks, what a manifest names before it, and the tags very last."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

from envlock.errors import OutsideError
from envlock.model.image import Descriptor, Image
from envlock.model.reference import Reference
from envlock.oci.attachment import Attachment
from envlock.oci.layout import Layout
from envlock.oci.manifest import Manifest, read_document
from envlock.registry.client import RegistryClient
from envlock.registry.moved import Moved, Moves, together, unseen
from envlock.registry.upload import WRITES


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """What a push came to. Blobs: sent (`layers` of them are layers of the image), taken over by the registry from
    another of its repositories, there already; `sent` are the digests of the first.

    `uploaded_bytes` is all that was sent: manifests, and what had to be sent twice, included.
    """

    digest: str
    uploaded: int
    uploaded_bytes: int
    mounted: int
    present: int
    layers: int = 0
    sent: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Contents:
    """The manifests of an image, its index last where it has one; its blobs, each once; which of them are layers."""

    documents: tuple[tuple[Descriptor, bytes], ...]
    blobs: tuple[Descriptor, ...]
    layers: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Cargo:
    """A blob to be pushed, how its bytes are had, and a repository that may have it."""

    blob: Descriptor
    pieces: Callable[[], Iterator[bytes]]
    source: Reference | None = None


@dataclass(frozen=True, slots=True)
class _Shipped:
    """Digests of blobs that were sent and that were taken over, and the bytes sent."""

    sent: frozenset[str]
    mounted: frozenset[str]
    size: int


def push(
    client: RegistryClient,
    image: Image,
    references: Sequence[Reference],
    *,
    attachments: Sequence[Attachment] = (),
    progress: Moved = unseen,
) -> Pushed:
    """Puts an image, what is attached to it, and then its tags into the one repository that `references` are of."""
    (target,) = {reference.at(image.manifest.digest) for reference in references}
    tags = [replace(reference, digest=None) for reference in references if reference.tag]
    contents = _contents(image)
    known = client.knows(target)  # then it has all that belongs to it
    cargo = {
        one.blob.digest: one for one in (*(() if known else _of_image(client, image, contents)), *_of(attachments))
    }
    shipped = _ship(client, target, tuple(cargo.values()), progress)
    # what hangs on an image comes after it and before its tag; with nothing to come between, the tag brings it
    documents = () if known else contents.documents if attachments or not tags else contents.documents[:-1]
    size = shipped.size
    for descriptor, content in documents:
        client.put(target.at(descriptor.digest), content, descriptor.media_type)
        size += len(content)
    size += client.attach(target, [attachment.manifest() for attachment in attachments])
    for tag in tags:
        client.put(tag, contents.documents[-1][1], image.manifest.media_type)
        size += image.manifest.size
    return Pushed(
        digest=image.manifest.digest,
        uploaded=len(shipped.sent),
        uploaded_bytes=size,
        mounted=len(shipped.mounted),
        present=len({*cargo, *(blob.digest for blob in contents.blobs)} - shipped.sent - shipped.mounted),
        layers=len(shipped.sent & contents.layers),
        sent=shipped.sent,
    )


def complete(client: RegistryClient, image: Image, progress: Moved = unseen) -> Image:
    """The image with all of its blobs in the layout: those that are elsewhere are brought there."""
    layout = Layout(image.layout)
    missing = [blob for blob in _contents(image).blobs if not layout.has(blob)]
    client.fetch([(_source(image, blob), blob) for blob in missing], layout, progress)
    return replace(image, elsewhere={})


def _contents(image: Image) -> _Contents:
    layout = Layout(image.layout)
    top = layout.read(image.manifest)
    document = read_document(top, f"`{image.manifest.digest}`")
    below = () if isinstance(document, Manifest) else tuple(entry.descriptor for entry in document)
    documents = (*((each, layout.read(each)) for each in below), (image.manifest, top))
    manifests = [
        m for _, m in ((d, read_document(c, f"`{d.digest}`")) for d, c in documents) if isinstance(m, Manifest)
    ]
    blobs = {blob.digest: blob for manifest in manifests for blob in manifest.blobs}
    layers = frozenset(layer.digest for manifest in manifests for layer in manifest.layers)
    return _Contents(documents, tuple(blobs.values()), layers)


def _of_image(client: RegistryClient, image: Image, contents: _Contents) -> Iterator[_Cargo]:
    layout = Layout(image.layout)
    for blob in contents.blobs:
        if layout.has(blob):
            yield _Cargo(blob, partial(layout.pieces, blob), image.elsewhere.get(blob.digest))
        else:
            source = _source(image, blob)
            yield _Cargo(blob, partial(client.pieces, source, blob), source)


def _of(attachments: Iterable[Attachment]) -> Iterator[_Cargo]:
    for attachment in attachments:
        for blob, content in attachment.blobs:
            yield _Cargo(blob, partial(iter, (content,)))


def _source(image: Image, blob: Descriptor) -> Reference:
    found = image.elsewhere.get(blob.digest)
    if found is None:
        path = Layout(image.layout).blob_path(blob.digest)
        raise OutsideError(f"`{path}` is missing, or not of {blob.size} bytes", hint="build the image anew")
    return found


def _ship(client: RegistryClient, target: Reference, cargo: Sequence[_Cargo], progress: Moved) -> _Shipped:
    """Has those blobs that the repository lacks taken over, or sends them; the largest first, several at a time."""
    there = together(lambda one: client.has(target, one.blob.digest, WRITES), cargo)
    missing = [one for one, has in zip(cargo, there, strict=True) if not has]
    missing.sort(key=lambda one: -one.blob.size)
    moves = Moves(_pushing(len(missing)), progress, sum(one.blob.size for one in missing))

    def send(one: _Cargo) -> bool:
        mounted = client.upload(target, one.blob, lambda: moves.seen(one.pieces()), _neighbour(target, one.source))
        if mounted:
            moves.add(one.blob.size)
        return mounted

    mounted = together(send, missing)
    digests = [(one.blob.digest, taken) for one, taken in zip(missing, mounted, strict=True)]
    return _Shipped(
        sent=frozenset(digest for digest, taken in digests if not taken),
        mounted=frozenset(digest for digest, taken in digests if taken),
        size=moves.sent,
    )


def _neighbour(target: Reference, source: Reference | None) -> Reference | None:
    """The source, where a registry can take a blob over from it by itself."""
    if source is None or source.registry != target.registry or source.repository == target.repository:
        return None
    return source


def _pushing(count: int) -> str:
    return f"pushing {count} {'blob' if count == 1 else 'blobs'}"
