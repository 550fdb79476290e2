"""An image into its repository: only what is not there, with what is attached to it, its tag last."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from envlock.model.image import Image
from envlock.model.reference import Reference
from envlock.oci.layout import Layout
from envlock.oci.several import layers_of
from envlock.registry.client import RegistryClient
from envlock.registry.transfer import Pushed, push
from envlock.workflows import later, later_images
from envlock.workflows.build_target import Target
from envlock.workflows.context import Context
from envlock.workflows.found_image import destination
from envlock.workflows.placed import note_placed, placed


def push_image(
    target: Target, image: Image, context: Context, *, attach: bool = True, began: datetime | None = None
) -> Pushed:
    """Puts the image of a target where it belongs."""
    reference, client = destination(target), later.registry_client(context)
    image = replace(image, elsewhere=_sources(image, reference, client, context))
    attached = later_images.attachments(target.project, target.lock, image, context, began=began) if attach else ()
    pushed = push(client, image, [reference], attachments=attached, progress=context.moved)
    note_placed(reference, layers_of(image), context.cache)
    return pushed


def gone(image: Image, context: Context) -> list[str]:
    """Layers that neither this machine has nor the repository that is said to have them."""
    layout, client = Layout(image.layout), later.registry_client(context)
    missing = {digest: where for digest, where in image.elsewhere.items() if not layout.has(digest)}
    return [digest for digest, where in missing.items() if not client.has(where, digest)]


def _sources(image: Image, target: Reference, client: RegistryClient, context: Context) -> Mapping[str, Reference]:
    """Where each layer is to be had, if possible in the target's own registry, which can then take it over itself."""
    layout, near = Layout(image.layout), placed(target.registry, context.cache)
    found = dict(image.elsewhere)
    for digest in layers_of(image):
        known = found.get(digest)
        if digest in near and (known is None or known.registry != target.registry):
            neighbour = Reference(registry=target.registry, repository=near[digest])
            # one that is only noted to have a layer must not be the one place to get it from
            if layout.has(digest) or client.has(neighbour, digest):
                found[digest] = neighbour
    return found
