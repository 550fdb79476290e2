"""inspect --packages: what an image holds, also of what nobody locked: a base that brings packages of its own."""

from collections.abc import Mapping

from envlock.images.holdings import Held, holdings
from envlock.images.rootfs import Rootfs
from envlock.model.image import Descriptor
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import Manifest, read_config, read_document, read_manifest
from envlock.workflows.context import Context
from envlock.workflows.image_places import ImagePlace


def packages_in(place: ImagePlace, context: Context) -> Mapping[str, tuple[Held, ...]]:
    """By platform ("linux/amd64") what its layers hold; those that are not in the cache come into it."""
    top, content = place.top()
    document = read_document(content, f"`{place.title}`")
    entries = [IndexEntry(descriptor=top)] if isinstance(document, Manifest) else list(document)
    found = (_packages(place, entry, context) for entry in entries if entry.os != "unknown")
    return dict(found)


def _packages(place: ImagePlace, entry: IndexEntry, context: Context) -> tuple[str, tuple[Held, ...]]:
    manifest = read_manifest(place.read(entry.descriptor), f"the manifest of `{place.title}`")
    platform = read_config(place.read(manifest.config), "the config").platform
    layout = Layout(context.cache.image_layout)
    layout.create()
    for layer in manifest.layers:
        if not layout.has(layer):
            context.progress(f"{platform}: fetching a layer, {layer.size / 1e6:.1f} MB")
            _bring(place, layer, layout)
    return platform, holdings(Rootfs(layout, manifest.layers))


def _bring(place: ImagePlace, layer: Descriptor, layout: Layout) -> None:
    with layout.writer(digest=layer.digest, size=layer.size) as blob:
        for piece in place.pieces(layer):
            blob.write(piece)
