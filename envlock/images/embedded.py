"""The embedded engine: layers straight from packages, no daemon, nothing of a package executed."""

import os
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, replace
from typing import Any

from envlock.errors import OutsideError
from envlock.images.recipe import ImageRecipe, PlannedLayer
from envlock.model.image import Image
from envlock.model.image_layers import BuiltLayer, Came, KnownLayer, Reuse, nothing_known
from envlock.model.reference import Reference
from envlock.oci.document import Node
from envlock.oci.image import NamedLayer, assemble, store
from envlock.oci.layer import Layer, write_layer
from envlock.oci.layout import Layout
from envlock.system.cache import Cache

LAYERS = "layers"
_MOST_WORKERS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """An image in the cache's layout, and what was done for it; `base` counts the layers below the environment's."""

    image: Image
    base: int
    layers: tuple[BuiltLayer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildWith:
    """What is taken as it is: layers of the cache, and those that `reuse` knows where to find. `bring` is told of which
    packages, by sha256, the bytes are needed."""

    use_cache: bool = True
    reuse: Reuse = nothing_known
    bring: Callable[[Collection[str]], object] = lambda _: None
    progress: Callable[[str], None] = lambda _: None


def build(recipe: ImageRecipe, cache: Cache, how: BuildWith = BuildWith()) -> Built:
    """Makes what is missing and assembles the image; layers that the cache has are taken from it, and those that a
    repository has stay there."""
    layout = Layout(cache.image_layout)
    layout.create()
    kept, elsewhere = _known(recipe, cache, layout, how)
    missing = [p for p in recipe.layers if p.key not in kept]
    if missing:
        how.bring(frozenset().union(*(p.made_of for p in missing)))
        how.progress(f"making {len(missing)} of {len(recipe.layers)} layers")
    layers = {**kept, **_make_all(missing, cache, layout)}
    named = [NamedLayer(layer=layers[p.key], title=p.title, key=p.key) for p in recipe.layers]
    image = store(layout, assemble(recipe.base, named, recipe.changes, recipe.annotations))
    came = {**dict.fromkeys(layers, Came.MADE), **dict.fromkeys(kept, Came.CACHED)}
    came |= {p.key: Came.REUSED for p in recipe.layers if layers[p.key].descriptor.digest in elsewhere}
    built = tuple(_built(p, layers[p.key], came[p.key]) for p in recipe.layers)
    where = recipe.base.where
    below = {layer.digest: where for layer in recipe.base.layers} if where else {}
    base = len(recipe.base.layers) + sum(layer.part == "base" for layer in built)
    return Built(image=replace(image, elsewhere={**below, **elsewhere}), base=base, layers=built)


def _known(
    recipe: ImageRecipe, cache: Cache, layout: Layout, how: BuildWith
) -> tuple[dict[str, Layer], dict[str, Reference]]:
    """Layers by key that need not be made, and by digest where those are that this machine has not."""
    records = {p.key: cache.record(LAYERS, p.key, _layer) for p in recipe.layers} if how.use_cache else {}
    kept = {key: layer for key, layer in records.items() if layer and layout.has(layer.descriptor)}
    missing = {p.key: p for p in recipe.layers if p.key not in kept}
    found = how.reuse({key: p.made_of for key, p in missing.items()}) if missing else {}
    reused = {key: known for key, known in found.items() if _agrees(known, records.get(key))}
    layers = {key: _as_planned(known, missing[key]) for key, known in reused.items()}
    return {**kept, **layers}, {known.blob.digest: known.where for known in reused.values()}


def _agrees(known: KnownLayer, made: Layer | None) -> bool:
    """What was made here once outranks what a registry says."""
    return made is None or (made.descriptor, made.diff_id) == (known.blob, known.diff_id)


def _as_planned(known: KnownLayer, planned: PlannedLayer) -> Layer:
    return Layer(descriptor=known.blob, diff_id=known.diff_id, files=planned.count)


def _built(planned: PlannedLayer, layer: Layer, came: Came) -> BuiltLayer:
    return BuiltLayer(
        title=planned.title,
        part=planned.part,
        key=planned.key,
        digest=layer.descriptor.digest,
        size=layer.descriptor.size,
        came=came,
    )


def is_kept(planned: PlannedLayer, cache: Cache) -> bool:
    """Is a layer in the cache?"""
    layer = cache.record(LAYERS, planned.key, _layer)
    return layer is not None and Layout(cache.image_layout).has(layer.descriptor)


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


def _make(planned: PlannedLayer, cache: Cache, layout: Layout, *, threads: int) -> Layer:
    layer = write_layer(layout, planned.files(), root=planned.root, folders=planned.folders, threads=threads)
    wanted = planned.count + planned.added()
    if layer.files != wanted:
        # a file that silently vanishes from an image is the worst that a packer can do
        raise OutsideError(f"layer `{planned.title}` has {layer.files} files and should have {wanted}")
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
