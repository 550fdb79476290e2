"""Images of several platforms as one: an index of them, and back."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from envlock.model.image import INDEX_TYPE, Descriptor, Image
from envlock.oci.document import parse
from envlock.oci.index import IndexEntry, index_bytes, read_index
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest


def index_of(images: Sequence[Image], annotations: Mapping[str, str]) -> Image:
    """The index of images of one layout, put into it."""
    layout = Layout(images[0].layout)
    content = index_bytes([entry_of(layout, image.manifest) for image in images], annotations)
    elsewhere = {digest: where for image in images for digest, where in image.elsewhere.items()}
    return Image(layout=layout.root, manifest=layout.put(content, INDEX_TYPE), elsewhere=elsewhere)


def images_of(image: Image) -> tuple[Image, ...]:
    """The images of single platforms that an image is, in its order."""
    if not image.is_index:
        return (image,)
    entries = read_index(Layout(image.layout).read(image.manifest), "index")
    return tuple(replace(image, manifest=entry.descriptor) for entry in entries)


def image_for(image: Image, architecture: str) -> Image | None:
    """That of one architecture, as configs name it; None where it is not among them."""
    layout = Layout(image.layout)
    parts = ((part, entry_of(layout, part.manifest)) for part in images_of(image))
    return next((part for part, entry in parts if entry.architecture == architecture), None)


def layers_of(image: Image) -> tuple[str, ...]:
    """The digests of all layers, each once, in their order."""
    layout = Layout(image.layout)
    manifests = (read_manifest(layout.read(part.manifest), "manifest") for part in images_of(image))
    return tuple(dict.fromkeys(layer.digest for manifest in manifests for layer in manifest.layers))


def entry_of(layout: Layout, manifest: Descriptor) -> IndexEntry:
    """A manifest with the platform that its config states."""
    config = parse(layout.read(read_manifest(layout.read(manifest), "manifest").config), "config")
    variant = config.optional("variant")
    return IndexEntry(
        descriptor=manifest,
        os=config.field("os").text(),
        architecture=config.field("architecture").text(),
        variant=variant.text() if variant else None,
    )
