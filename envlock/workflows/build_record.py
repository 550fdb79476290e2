"""What the cache knows of images that were made before: found again, as long as what it says is true."""

import hashlib
from dataclasses import asdict, replace

from envlock.errors import OutsideError
from envlock.model.digest import lock_hash
from envlock.model.image import Image
from envlock.model.image_layers import BuiltLayer, Came
from envlock.model.layers import LAYOUT
from envlock.model.lock import PlatformLock
from envlock.model.reference import Reference, parse_reference
from envlock.oci.compress import compressor_id
from envlock.oci.document import Node, hex_of
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.system.cache import Cache
from envlock.system.cache_use import used
from envlock.workflows.build_target import Target
from envlock.workflows.debian_system import functions_id
from envlock.workflows.dockerfile_bases import known_base
from envlock.workflows.make_image import EMBEDDED, Made

_IMAGES = "images"


def known_image(target: Target, locked: PlatformLock, cache: Cache) -> Made | None:
    """The image of one platform, where it was made before and all of it can still be had."""
    kept = cache.record(_IMAGES, _record(target, locked, cache), lambda told: _made(Node(told, _IMAGES), cache))
    return kept if kept and _is_whole(kept.image) else None


def recorded_digest(target: Target, cache: Cache) -> str | None:
    """The image that was made here for this very key, layout and compressor, whether or not all of it is still here."""
    record = _index_record(target, cache) if target.is_index else _record(target, target.platforms[0], cache)
    return cache.record(_IMAGES, record, lambda told: Node(told, _IMAGES).descriptor().digest)


def keep_index(target: Target, image: Image, cache: Cache) -> None:
    cache.keep(_IMAGES, _index_record(target, cache), image.manifest.json())


def keep_image(target: Target, locked: PlatformLock, made: Made, cache: Cache) -> None:
    image = made.image
    told = {
        **image.manifest.json(),
        "base": made.base_layers,
        "layers": [asdict(layer) for layer in made.layers],
        "notes": made.notes,
        "elsewhere": {digest: str(replace(where, digest=None)) for digest, where in image.elsewhere.items()},
    }
    cache.keep(_IMAGES, _record(target, locked, cache), told)


def _record(target: Target, locked: PlatformLock, cache: Cache) -> str:
    """What decides an image beyond its lock: the layout, the compressor, who made it."""
    engine = "" if target.engine == EMBEDDED else f"-{target.engine}"
    # what is made in place of Debian's scripts no lock says
    made_by = f"-{functions_id()}" if locked.debian else ""
    # nor what a Dockerfile makes: it stands on images that may have moved
    context = locked.base.context
    base = known_base(context, locked.platform, cache) if context else None
    upon = f"-{hex_of(base.digest)[:16]}" if base else ""
    return f"{lock_hash(target.lock, locked)}-{LAYOUT}-{compressor_id()}{engine}{made_by}{upon}"


def _index_record(target: Target, cache: Cache) -> str:
    records = "\n".join(_record(target, locked, cache) for locked in target.platforms)
    return f"index-{hashlib.sha256(records.encode()).hexdigest()}"


def _made(told: Node, cache: Cache) -> Made:
    elsewhere = {digest: _repository(name) for digest, name in told.field("elsewhere").text_by_name().items()}
    return Made(
        image=Image(layout=cache.image_layout, manifest=told.descriptor(), elsewhere=elsewhere),
        base_layers=told.field("base").count(),
        layers=tuple(_layer(each) for each in told.field("layers").items()),
        notes=told.field("notes").texts(),
    )


def _layer(told: Node) -> BuiltLayer:
    return BuiltLayer(
        title=told.field("title").text(),
        part=told.field("part").text(),
        key=told.field("key").text(),
        digest=told.field("digest").digest(),
        size=told.field("size").count(),
        came=Came.CACHED,
    )


def _repository(name: str) -> Reference:
    return replace(parse_reference(name), tag=None)


def _is_whole(image: Image) -> bool:
    """Are its documents here, undamaged, and its layers here or in a repository?"""
    layout = Layout(image.layout)
    if not layout.has(image.manifest):
        return False
    try:
        manifest = read_manifest(layout.read(image.manifest), "the manifest of the image in the cache")
        layout.read(manifest.config)
    except OutsideError:
        return False  # missing or damaged: it is made anew, and small
    used(layout.blob_path(image.manifest.digest))
    return all(layout.has(layer) or layer.digest in image.elsewhere for layer in manifest.layers)
