"""Is an image what it says? Everything is computed anew from the bytes; nothing the image says is believed."""

import gzip
import hashlib
import zlib
from collections.abc import Iterator
from io import BufferedIOBase
from pathlib import Path

from envlock.errors import OutsideError
from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.document import Node, parse
from envlock.oci.image import LAYER_TYPES
from envlock.oci.layout import INDEX, Layout

PLAIN_LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"


def problems(layout: Layout, manifest: Descriptor) -> tuple[str, ...]:
    """What is wrong with an image in a layout, or nothing. Only what is inside zstd layers stays unknown."""
    try:
        return tuple(_of_image(layout, manifest))
    except OutsideError as error:  # a document that cannot be read: nothing below it can be judged
        return (error.message,)


def _of_image(layout: Layout, descriptor: Descriptor) -> Iterator[str]:
    yield from _of_blob(layout, descriptor, "manifest")
    manifest = parse(layout.read(descriptor), "manifest")
    yield from _type("manifest", descriptor.media_type, (MANIFEST_TYPE,))
    yield from _type("manifest", manifest.field("mediaType").text(), (MANIFEST_TYPE,))
    if manifest.field("schemaVersion").count() != 2:
        yield "manifest: `schemaVersion` is not 2"
    described = manifest.field("config").descriptor()
    yield from _type("config", described.media_type, (CONFIG_TYPE,))
    yield from _of_blob(layout, described, "config")
    config = parse(layout.read(described), "config")
    yield from _of_platform(layout, descriptor, config)
    layers = [node.descriptor() for node in manifest.field("layers").items()]
    yield from _of_layers(layout, layers, config.field("rootfs"))


def _of_layers(layout: Layout, layers: list[Descriptor], rootfs: Node) -> Iterator[str]:
    if rootfs.field("type").text() != "layers":
        yield "config: `rootfs.type` is not `layers`"
    diff_ids = [node.digest() for node in rootfs.field("diff_ids").items()]
    if len(layers) != len(diff_ids):
        yield f"{len(layers)} layers in the manifest, {len(diff_ids)} in the config"
    for number, (layer, diff_id) in enumerate(zip(layers, diff_ids, strict=False)):
        name = f"layer {number}"
        yield from _type(name, layer.media_type, LAYER_TYPES)
        wrong = tuple(_of_blob(layout, layer, name))
        yield from wrong or _of_content(layout.blob_path(layer.digest), layer.media_type, diff_id, name)


def _of_blob(layout: Layout, blob: Descriptor, name: str) -> Iterator[str]:
    path = layout.blob_path(blob.digest)
    if not path.is_file():
        yield f"{name}: `{blob.digest}` is missing"
    elif path.stat().st_size != blob.size:
        yield f"{name}: `{blob.digest}` has {path.stat().st_size} bytes, expected {blob.size}"
    elif (found := _file_digest(path)) != blob.digest:
        yield f"{name}: the bytes of `{blob.digest}` are {found}"


def _of_content(path: Path, media_type: str, diff_id: str, name: str) -> Iterator[str]:
    try:
        found = _tar_digest(path, media_type)
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        yield f"{name}: not gzip ({error})"
        return
    if found not in (None, diff_id):
        yield f"{name}: its tar is {found}, the config says {diff_id}"


def _of_platform(layout: Layout, manifest: Descriptor, config: Node) -> Iterator[str]:
    """The platform of the config, and where the layout has an index that names the image, of that entry."""
    stated = {name: config.field(name).text() for name in ("os", "architecture")}
    entries = layout.manifests() if (layout.root / INDEX).exists() else ()
    for entry in entries:
        for name, said in (("os", entry.os), ("architecture", entry.architecture)):
            if entry.descriptor.digest == manifest.digest and said not in (None, stated[name]):
                yield f"{name} is {said} in `{INDEX}`, {stated[name]} in the config"


def _type(name: str, found: str, allowed: tuple[str, ...]) -> Iterator[str]:
    if found not in allowed:
        yield f"{name}: media type `{found}`, expected `{allowed[0]}`"


def _tar_digest(path: Path, media_type: str) -> str | None:
    """The digest of a layer's tar; None for zstd, which cannot be read here."""
    if media_type == LAYER_TYPE:
        with gzip.open(path) as stream:
            return _sha256(stream)
    return _file_digest(path) if media_type == PLAIN_LAYER_TYPE else None


def _file_digest(path: Path) -> str:
    with path.open("rb") as stream:
        return _sha256(stream)


def _sha256(stream: BufferedIOBase) -> str:
    return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
