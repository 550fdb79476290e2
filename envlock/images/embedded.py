"""The embedded engine: layers straight from packages, no daemon, nothing of a package executed."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from envlock.errors import OutsideError
from envlock.images.recipe import ImageRecipe, PlannedLayer
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image import Descriptor, Image
from envlock.oci.image import NamedLayer, assemble, store
from envlock.oci.layer import Layer, write_layer
from envlock.oci.layout import Layout
from envlock.system.cache import Cache

LAYERS = "layers"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A layer of the image and whether it had to be made."""

    title: str
    size: int
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image in the cache's layout, and what was done for it; `base` is the number of the base's layers."""

    image: Image
    base: int
    layers: tuple[BuiltLayer, ...]


def build(
    recipe: ImageRecipe, cache: Cache, *, use_cache: bool = True, progress: Callable[[str], None] = lambda _: None
) -> Built:
    """Makes what is missing and assembles the image; layers that the cache has are taken from it."""
    layout = Layout(cache.image_layout)
    layout.create()
    named, built = [], []
    for planned in recipe.layers:
        kept = _kept(planned, cache, layout) if use_cache else None
        if kept is None:
            progress(f"layer {planned.title}")
        layer = kept or _make(planned, cache, layout)
        named.append(NamedLayer(layer=layer, title=planned.title))
        built.append(BuiltLayer(title=planned.title, size=layer.descriptor.size, made=kept is None))
    image = store(layout, assemble(recipe.base, named, recipe.changes, recipe.annotations))
    return Built(image=image, base=len(recipe.base.layers), layers=tuple(built))


def _kept(planned: PlannedLayer, cache: Cache, layout: Layout) -> Layer | None:
    record = cache.record(LAYERS, planned.key)
    layer = _layer(record) if record else None
    return layer if layer and layout.has(layer.descriptor) else None


def _make(planned: PlannedLayer, cache: Cache, layout: Layout) -> Layer:
    layer = write_layer(layout, planned.files(), root=IMAGE_PREFIX)
    if layer.files != planned.count:
        # a file that silently vanishes from an image is the worst that a packer can do
        raise OutsideError(f"layer `{planned.title}` has {layer.files} files and should have {planned.count}")
    cache.keep(LAYERS, planned.key, _plain(layer))
    return layer


def _plain(layer: Layer) -> dict[str, Any]:
    return {"blob": layer.descriptor.json(), "diff_id": layer.diff_id, "files": layer.files}


def _layer(record: dict[str, Any]) -> Layer:
    blob = record["blob"]
    descriptor = Descriptor(media_type=blob["mediaType"], digest=blob["digest"], size=blob["size"])
    return Layer(descriptor=descriptor, diff_id=record["diff_id"], files=record["files"])
