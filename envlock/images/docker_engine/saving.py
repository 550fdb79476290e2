"""An image of an engine, brought into a layout of ours: packed by our compressor, each layer checked by its diff id."""

import os
import posixpath
import tarfile
from collections.abc import Iterator
from functools import partial
from typing import IO

from envlock.errors import OutsideError
from envlock.images.docker_engine.connection import Engine
from envlock.model.digest import canonical_json
from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.compress import compressor_id, gzip_stream
from envlock.oci.document import Node, hex_of, parse
from envlock.oci.layout import MOST_READ, PIECE, Layout
from envlock.oci.opened import PLAIN_TYPE, ZSTD_TYPE, opened
from envlock.oci.streamed import Streamed
from envlock.system.cache import Cache
from envlock.system.parts import naming, scratch_folder

_LAYERS = "engine-layers"
_MANIFEST = "manifest.json"
_MOST_LINKS = 8
_PACKED = {b"\x1f\x8b": LAYER_TYPE, b"\x28\xb5\x2f\xfd": ZSTD_TYPE}
_HEAD = max(map(len, _PACKED))


def save(engine: Engine, name: str, cache: Cache) -> Descriptor:
    """Brings an image of the engine into the cache's layout; the descriptor of its new manifest."""
    layout = Layout(cache.image_layout)
    layout.create()
    with scratch_folder(cache.root / "stages") as folder:
        place = folder / "image.tar"
        with naming(place), place.open("wb") as file:
            for piece in engine.client.api.get_image(name, chunk_size=PIECE):
                file.write(piece)
        try:
            with tarfile.open(place, "r:") as archive:
                return _taken_over(archive, layout, cache)
        except (tarfile.TarError, KeyError) as error:
            raise OutsideError(f"what the Docker engine gave of `{name}` is no image ({error})") from error


def _taken_over(archive: tarfile.TarFile, layout: Layout, cache: Cache) -> Descriptor:
    listed = parse(_small(archive, _MANIFEST), _MANIFEST).items()
    if len(listed) != 1:
        raise OutsideError(f"the Docker engine gave {len(listed)} images, not one")
    config = _small(archive, listed[0].field("Config").text())
    names = listed[0].field("Layers").texts()
    diff_ids = [node.digest() for node in parse(config, "config").field("rootfs").field("diff_ids").items()]
    if len(names) != len(diff_ids):
        raise OutsideError(f"the Docker engine gave {len(names)} layers, and its config names {len(diff_ids)}")
    layers = [_layer(archive, *each, layout, cache) for each in zip(names, diff_ids, strict=True)]
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": layout.put(config, CONFIG_TYPE).json(),
        "layers": [layer.json() for layer in layers],
    }
    return layout.put(canonical_json(manifest), MANIFEST_TYPE)


def _layer(archive: tarfile.TarFile, name: str, diff_id: str, layout: Layout, cache: Cache) -> Descriptor:
    """One layer, compressed once however many images have it."""
    key = f"{hex_of(diff_id)}-{compressor_id()}"
    kept = cache.record(_LAYERS, key, lambda kept: Node(kept, _LAYERS).descriptor())
    if kept and layout.has(kept):
        return kept
    with layout.writer() as blob, gzip_stream(blob.write) as stream:
        for piece in _pieces(archive, name):
            stream.write(piece)
        stream.finish()
        if stream.diff_id != diff_id:
            raise OutsideError(f"layer `{name}` of the Docker engine is {stream.diff_id}, expected {diff_id}")
    descriptor = blob.descriptor(LAYER_TYPE)
    cache.keep(_LAYERS, key, descriptor.json())
    return descriptor


def _small(archive: tarfile.TarFile, name: str) -> bytes:
    with _member(archive, name) as file:
        data = file.read(MOST_READ + 1)
    if len(data) > MOST_READ:
        raise OutsideError(f"`{name}` of the Docker engine has more than {MOST_READ} bytes")
    return data


def _pieces(archive: tarfile.TarFile, name: str) -> Iterator[bytes]:
    """The plain bytes of a layer, which newer engines give as they were pulled."""
    with _member(archive, name) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        head = file.read(_HEAD)
        file.seek(0)
        media_type = next((kind for magic, kind in _PACKED.items() if head.startswith(magic)), PLAIN_TYPE)
        with opened(Streamed(iter(partial(file.read, PIECE), b""), size), media_type) as plain:
            while piece := plain.read(PIECE):
                yield piece


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    """A file of the tar; what is there twice, engines give as a link to the first."""
    at = name
    for _ in range(_MOST_LINKS):
        member = archive.getmember(at)
        file = archive.extractfile(member) if member.isreg() else None
        if file:
            return file
        if not member.issym():
            break
        at = posixpath.normpath(posixpath.join(posixpath.dirname(at), member.linkname))
    raise OutsideError(f"`{name}` of the Docker engine is no file")
