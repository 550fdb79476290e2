"""What an engine keeps, and in which of it a text stands that must not."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

from envlock.images.docker_engine.loading import load
from envlock.model.image import Image
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.docker_engine import Engine

KEPT = "localhost/kept:base"


def keep_layers(engine: Engine, layout: Path) -> None:
    """Leaves the image of a layout in the engine, which has its layers from then on, and unpacks them no more."""
    (image,) = Layout(layout).manifests()
    load(Image(layout=layout, manifest=image.descriptor), [KEPT], {"DOCKER_HOST": engine.url})


def left(engine: Engine, *, but: tuple[str, ...] = ()) -> list[str]:
    """Containers, images and volumes that a test has left in an engine, but for images of these names."""
    return [name for name in _things(engine) if name not in engine.before and not name.endswith((*but, KEPT))]


def note_what_is_there(engine: Engine) -> None:
    """What other tests have left is not of the next one."""
    engine.before.clear()
    engine.before.update(_things(engine))


def _things(engine: Engine) -> list[str]:
    containers = [str(each.name) for each in engine.client.containers.list(all=True)]
    tags = [tag for image in engine.client.images.list(all=True) for tag in image.tags or [str(image.id)]]
    volumes = [str(volume.name) for volume in engine.client.volumes.list()]
    return [*containers, *tags, *volumes]


def texts(layout: Layout) -> Iterator[tuple[str, bytes]]:
    """Everything of the images of a layout by name: manifests, configs, layers as tars."""
    for entry in layout.manifests():
        content = layout.read(entry.descriptor)
        manifest = read_manifest(content, "manifest")
        yield "manifest", content
        yield "config", json.dumps(json.loads(layout.read(manifest.config)), ensure_ascii=False).encode()
        for layer in manifest.layers:
            yield layer.digest, gzip.decompress(layout.blob_path(layer.digest).read_bytes())
