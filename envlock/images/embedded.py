"""The embedded engine: layers straight from packages, no daemon, nothing of a package executed."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

from envlock.errors import OutsideError
from envlock.images.recipe import ImageRecipe, PlannedLayer
from envlock.model.image import Image
from envlock.oci.document import Node
from envlock.oci.image import NamedLayer, assemble, store
from envlock.oci.layer import Layer, write_layer
from envlock.oci.layout import Layout
from envlock.system.cache import Cache

LAYERS = "layers"
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A layer of the image and whether it had to be made; `part` as in `PlannedLayer`."""

    title: str
    part: str
    size: int
    made: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image in the cache's layout, and what was done for it; `base` counts the layers below the environment's."""

    image: Image
    base: int
    layers: tuple[BuiltLayer, ...]


def build(
    recipe: ImageRecipe, cache: Cache, *, use_cache: bool = True, progress: Callable[[str], None] = lambda _: None
) -> Built:
    """Makes what is missing and assembles the image; layers that the cache has are taken from it."""
    layout = Layout(cache.image_layout)
    layout.create()
    kept = {p.key: _kept(p, cache, layout) if use_cache else None for p in recipe.layers}
    missing = [p for p in recipe.layers if kept[p.key] is None]
    if missing:
        progress(f"making {len(missing)} of {len(recipe.layers)} layers")
    made = _make_all(missing, cache, layout)
    layers = {**kept, **made}
    named = [NamedLayer(layer=layer, title=p.title) for p in recipe.layers if (layer := layers[p.key])]
    image = store(layout, assemble(recipe.base, named, recipe.changes, recipe.annotations))
    built = tuple(
        BuiltLayer(title=p.title, part=p.part, size=n.layer.descriptor.size, made=p.key in made)
        for p, n in zip(recipe.layers, named, strict=True)
    )
    base = len(recipe.base.layers) + sum(layer.part == "base" for layer in built)
    return Built(image=image, base=base, layers=built)


def _make_all(missing: Sequence[PlannedLayer], cache: Cache, layout: Layout) -> dict[str, Layer]:
    """Layers by key, several at a time: unpacking, hashing and compressing all leave Python's lock."""
    workers = min(os.cpu_count() or 1, _MOST_WORKERS)
    # the largest first, so that the last one to end is a small one
    ordered = sorted(missing, key=lambda p: -p.size)
    if len(ordered) == 1:
        return {ordered[0].key: _make(ordered[0], cache, layout, threads=workers)}
    with ThreadPoolExecutor(workers) as pool:
        futures = {p.key: pool.submit(_make, p, cache, layout, threads=1) for p in ordered}
        try:
            for future in as_completed(futures.values()):
                future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return {key: future.result() for key, future in futures.items()}


def _kept(planned: PlannedLayer, cache: Cache, layout: Layout) -> Layer | None:
    layer = cache.record(LAYERS, planned.key, _layer)
    return layer if layer and layout.has(layer.descriptor) else None


def _make(planned: PlannedLayer, cache: Cache, layout: Layout, *, threads: int) -> Layer:
    layer = write_layer(layout, planned.files(), root=planned.root, folders=planned.folders, threads=threads)
    if layer.files != planned.count:
        # a file that silently vanishes from an image is the worst that a packer can do
        raise OutsideError(f"layer `{planned.title}` has {layer.files} files and should have {planned.count}")
    cache.keep(LAYERS, planned.key, _plain(layer))
    return layer


def _plain(layer: Layer) -> dict[str, Any]:
    return {"blob": layer.descriptor.json(), "diff_id": layer.diff_id, "files": layer.files}


def _layer(record: Any) -> Layer:
    node = Node(record, LAYERS)
    return Layer(
        descriptor=node.field("blob").descriptor(),
        diff_id=node.field("diff_id").digest(),
        files=node.field("files").count(),
    )
