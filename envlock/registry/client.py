"""The OCI distribution protocol, 1.1: images out of a registry and into it, and no byte that is there already.

Mounting is part of `upload`: a registry that refuses it has begun an upload in its place, which is then used.
"""

import hashlib
from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.platform import Platform
from envlock.model.reference import Reference
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import (
    INDEX_TYPES,
    MANIFEST_TYPES,
    Manifest,
    manifest_for,
    no_platform,
    platforms,
    read_config,
    read_document,
    read_manifest,
)
from envlock.registry import download, referrers, tags
from envlock.registry import upload as uploads
from envlock.registry.credentials import Credentials
from envlock.registry.exchange import Exchange
from envlock.registry.found import Found, read_found
from envlock.registry.moved import Moved, unseen
from envlock.system.http import Http, Response

_ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
_MOST_READ = 4 << 20  # bytes of a manifest: registries need not keep larger ones; configs are smaller still


class RegistryClient:
    """Reads and writes images of any registry, as whoever the credentials say we are."""

    def __init__(self, http: Http, credentials: Credentials, insecure: Collection[str] = ()) -> None:
        self._exchange = Exchange(http, credentials, insecure)
        self.wait = http.wait

    def get(self, reference: Reference) -> Found:
        """The manifest or index that a tag or digest names, checked; OutsideError with what the registry says."""
        headers = {"Accept": _ACCEPT}
        return _found(reference, *self._exchange.read(reference, _manifest(reference), _MOST_READ, headers=headers))

    def find(self, reference: Reference) -> Found | None:
        """The same; None where it is not there, or the registry does not tell us whether it is."""
        accepted = (200, 401, 403, 404)
        path, headers = _manifest(reference), {"Accept": _ACCEPT}
        response, content = self._exchange.read(reference, path, _MOST_READ, headers=headers, accepted=accepted)
        return _found(reference, response, content) if response.status_code == HTTPStatus.OK else None

    def knows(self, reference: Reference) -> bool:
        """Is the manifest or index of a digest there? Registries have all of what such a one names."""
        path, headers = _manifest(reference), {"Accept": _ACCEPT}
        accepted = (200, 403, 404)
        with self._exchange.ask(
            "HEAD", reference, path, headers=headers, accepted=accepted, scope=uploads.WRITES
        ) as response:
            return response.status_code == HTTPStatus.OK

    def tagged(self, reference: Reference) -> str | None:
        """The digest that a tag names, by one question without a body; None where there is no such tag."""
        return tags.digest_of(self._exchange, reference, self.get)

    def require_answer(self, reference: Reference) -> None:
        """OutsideError where the registry of a repository does not answer at the first try."""
        tags.require_answer(self._exchange, reference)

    def require_readable(self, reference: Reference) -> None:
        """OutsideError with what the registry says, where it tells us nothing of a repository; what is missing there is
        no error."""
        tags.require_readable(self._exchange, reference)

    def has(self, reference: Reference, digest: str, scope: str = "pull") -> bool:
        """Is a blob in the repository? Not where the registry will not say."""
        return uploads.is_there(self._exchange, reference, digest, scope)

    def read(self, reference: Reference, blob: Descriptor) -> bytes:
        """A small blob that is looked into at once and not kept, checked."""
        if blob.size > _MOST_READ:
            raise OutsideError(f"`{blob.digest}` of `{reference}` has {blob.size} bytes, more than is read at once")
        return b"".join(self.pieces(reference, blob))

    def pieces(self, reference: Reference, blob: Descriptor) -> Iterator[bytes]:
        """A blob as it comes; at its end OutsideError where it was another."""
        return download.blob_pieces(self._exchange, reference, blob)

    def require_writable(self, reference: Reference) -> None:
        """OutsideError where the repository takes nothing of us: to be known before much is made for it."""
        uploads.require_writable(self._exchange, reference)

    def upload(
        self, reference: Reference, blob: Descriptor, pieces: uploads.Pieces, source: Reference | None = None
    ) -> bool:
        """Puts a blob into a repository; True where the registry took it over from its repository `source`."""
        return uploads.upload(self._exchange, reference, blob, pieces, source)

    def put(self, reference: Reference, content: bytes, media_type: str) -> bool:
        """Gives a manifest or index its tag or digest; True where the registry lists it with its subject."""
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        headers = {"Content-Type": media_type}
        with self._exchange.ask(
            "PUT", reference, _manifest(reference), headers=headers, body=content, accepted=(201,), scope=uploads.WRITES
        ) as response:
            uploads.require_digest(response, digest)
            return "OCI-Subject" in response.headers

    def referrers(self, reference: Reference, artifact_type: str | None = None) -> tuple[IndexEntry, ...]:
        """What hangs on the image of a digest, all or of one type; from the tag in its place where there is no list."""
        return referrers.listed(self, self._exchange, reference, artifact_type)

    def attach(self, reference: Reference, manifests: Sequence[bytes]) -> int:
        """Puts manifests with a subject into a repository, listed by it or by a tag; returns the bytes sent."""
        return referrers.attach(self, reference, manifests)

    def resolve(self, reference: Reference, platform: Platform) -> Descriptor:
        """The manifest of a platform that a tag or digest stands for now; OutsideError where there is none."""
        found = self.get(reference)
        document = read_document(found.content, f"`{reference}`")
        if not isinstance(document, Manifest):
            chosen = manifest_for(document, platform)
            if chosen is None:
                raise no_platform(f"`{reference}`", platform, platforms(document))
            return chosen
        config = self.read(reference, document.config)
        stated = read_config(config, f"the config of `{reference}`").platform
        if stated != f"{platform.os}/{platform.architecture}":
            raise no_platform(f"`{reference}`", platform, (stated,))
        return found.descriptor

    def pull(self, reference: Reference, layout: Layout, moved: Moved = unseen) -> Descriptor:
        """Brings the manifest `reference.digest` and its blobs into the layout, checked, the manifest last.

        What is there already is not asked for; where all of it is, nothing is.
        """
        if reference.digest is None:
            raise ValueError("a pull is by digest: resolve the tag first")
        there = layout.has(reference.digest)
        content = layout.read(reference.digest) if there else self.get(reference).content
        manifest = read_manifest(content, f"`{reference}`")
        layout.create()
        self.fetch([(reference, blob) for blob in manifest.blobs if not layout.has(blob)], layout, moved)
        return layout.put(content, manifest.media_type)

    def fetch(self, wanted: Sequence[tuple[Reference, Descriptor]], layout: Layout, moved: Moved = unseen) -> None:
        """Brings blobs, each from its repository, into a layout, several at a time, checked."""
        download.fetch(self._exchange, wanted, layout, moved)


def _manifest(reference: Reference) -> str:
    return f"manifests/{reference.digest or reference.tag}"


def _found(reference: Reference, response: Response, content: bytes) -> Found:
    return read_found(reference, content, response.headers.get("Content-Type", ""))
