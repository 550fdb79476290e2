"""Pulls images from registries of the OCI distribution spec into a layout, and no byte that is there already."""

import hashlib
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.platform import Platform
from envlock.model.reference import Reference
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
from envlock.registry.credentials import Credentials
from envlock.registry.exchange import Exchange
from envlock.system.http import BrokenOff, Http, pieces

# called from several threads with the blob and how many more bytes of it have come
Progress = Callable[[Descriptor, int], None]

_ACCEPT = ", ".join((*INDEX_TYPES, *MANIFEST_TYPES))
_SIDE_BY_SIDE = 4
_TRIES = 3  # for a blob whose stream breaks off
_MOST_READ = 4 << 20  # bytes of a manifest: registries need not keep larger ones; configs are smaller still


class RegistryClient:
    """Reads images of any registry, as whoever the credentials say we are."""

    def __init__(self, http: Http, credentials: Credentials) -> None:
        self._exchange = Exchange(http, credentials)

    def resolve(self, reference: Reference, platform: Platform) -> Descriptor:
        """The manifest of a platform that a tag or digest stands for now; OutsideError where there is none."""
        manifest = self._manifest(reference)
        document = read_document(manifest[1], _named(reference))
        if not isinstance(document, Manifest):
            found = manifest_for(document, platform)
            if found is None:
                raise no_platform(_named(reference), platform, platforms(document))
            return found
        config = self._small_blob(reference, document.config)
        stated = read_config(config, f"the config of {_named(reference)}").platform
        if stated != f"{platform.os}/{platform.architecture}":
            raise no_platform(_named(reference), platform, (stated,))
        return Descriptor(media_type=document.media_type, digest=manifest[0], size=len(manifest[1]))

    def pull(self, reference: Reference, layout: Layout, progress: Progress | None = None) -> Descriptor:
        """Brings the manifest `reference.digest` and its blobs into the layout, checked, the manifest last.

        What is there already is not asked for; where all of it is, nothing is.
        """
        if reference.digest is None:
            raise ValueError("a pull is by digest: resolve the tag first")
        there = layout.has(reference.digest)
        content = layout.read(reference.digest) if there else self._manifest(reference)[1]
        manifest = read_manifest(content, _named(reference))
        layout.create()
        missing = [blob for blob in manifest.blobs if not layout.has(blob)]
        self._fetch(reference, missing, layout, progress or _unseen)
        return layout.put(content, manifest.media_type)

    def _manifest(self, reference: Reference) -> tuple[str, bytes]:
        """Digest and bytes of what a reference names, an index or a manifest."""
        wanted = reference.digest or reference.tag
        with self._exchange.get(reference, f"manifests/{wanted}", accept=_ACCEPT) as response:
            content = b"".join(pieces(response, limit=_MOST_READ))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if reference.digest not in (None, digest):
            raise OutsideError(f"{_named(reference)} came with other bytes: their digest is {digest}")
        return digest, content

    def _small_blob(self, reference: Reference, blob: Descriptor) -> bytes:
        """A blob that is looked into at once and not kept."""
        with self._exchange.get(reference, f"blobs/{blob.digest}") as response:
            content = b"".join(pieces(response, limit=min(blob.size, _MOST_READ)))
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if digest != blob.digest:
            raise OutsideError(
                f"`{blob.digest}` of {_named(reference)} came with other bytes: their digest is {digest}"
            )
        return content

    def _fetch(self, reference: Reference, blobs: Iterable[Descriptor], layout: Layout, progress: Progress) -> None:
        """Several blobs at a time. The first failure, or Ctrl-C, ends the others; whole blobs stay."""
        stopped = threading.Event()

        def unless_stopped(blob: Descriptor, more: int) -> None:
            if stopped.is_set():
                raise OutsideError("stopped, because another blob failed")
            progress(blob, more)

        with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
            downloads = [pool.submit(self._blob, reference, blob, layout, unless_stopped) for blob in blobs]
            try:
                for done in as_completed(downloads):
                    done.result()
            except BaseException:
                stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _blob(self, reference: Reference, blob: Descriptor, layout: Layout, progress: Progress) -> None:
        for _ in range(_TRIES - 1):
            try:
                return self._blob_once(reference, blob, layout, progress)
            except BrokenOff:
                continue
        return self._blob_once(reference, blob, layout, progress)

    def _blob_once(self, reference: Reference, blob: Descriptor, layout: Layout, progress: Progress) -> None:
        come = 0
        try:
            with (
                self._exchange.get(reference, f"blobs/{blob.digest}") as response,
                layout.writer(digest=blob.digest, size=blob.size) as target,
            ):
                for piece in pieces(response, limit=None):  # the writer knows the size
                    target.write(piece)
                    come += len(piece)
                    progress(blob, len(piece))
        except BrokenOff:
            progress(blob, -come)
            raise


def _named(reference: Reference) -> str:
    return f"`{reference}`"


def _unseen(_blob: Descriptor, _more: int) -> None:
    """The progress of a pull that nobody watches."""
