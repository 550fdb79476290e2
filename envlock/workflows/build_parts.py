"""The images of all platforms of a target, as they come to be there: known from before, or made."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from envlock.model.image import Image
from envlock.model.image_layers import Came, nothing_known
from envlock.model.layers import LAYOUT
from envlock.model.reference import Reference
from envlock.oci.compress import compressor_id
from envlock.oci.several import index_of
from envlock.workflows import later_images
from envlock.workflows.build_record import keep_image, keep_index, known_image
from envlock.workflows.build_target import Target
from envlock.workflows.context import Context
from envlock.workflows.make_image import (
    COMPRESSOR_ANNOTATION,
    KEY_ANNOTATION,
    LAYOUT_ANNOTATION,
    Made,
    MakeOptions,
    make_image,
)

if TYPE_CHECKING:
    from envlock.workflows.trusted_layers import Trusted


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """`reuse` are references of images whose layers are taken; None where no registry is asked for any. `writes` says
    whether anything is to be pushed, as far as is known.

    `keeps`: what has layers of a registry is known as the image from then on. Not where the registry is only looked
    at: the proposal that names it may never be taken, and the image would be pushed by those who do.
    """

    target: Target
    context: Context
    use_cache: bool
    writes: bool
    reuse: Sequence[Reference] | None
    keeps: bool = True

    def known(self) -> tuple[Made, ...] | None:
        """Where all of them were made before."""
        if not self.use_cache:
            return None
        found = [known_image(self.target, locked, self.context.cache) for locked in self.target.platforms]
        return tuple(part for part in found if part) if all(found) else None

    def made(self) -> tuple[Made, ...]:
        """Made of what is known here and, as far as that may be, in the registry."""
        if self.reuse is None:
            return self.made_here()
        trusted = later_images.trusted(self.target, self.reuse, self.context)
        if self.writes:
            trusted.require_writable()
        return self._made(trusted if self.use_cache else None)

    def made_here(self) -> tuple[Made, ...]:
        """Made with no layer of others."""
        return self._made(None)

    def may_keep(self, parts: Sequence[Made]) -> bool:
        """Is it what this machine made itself, or may it be of others?"""
        return self.keeps or not any(layer.came is Came.REUSED for made in parts for layer in made.layers)

    def _made(self, trusted: "Trusted | None") -> tuple[Made, ...]:
        parts = []
        for locked in self.target.platforms:
            reuse = partial(trusted.layers, locked.platform) if trusted else nothing_known
            how = MakeOptions(engine=self.target.engine, use_cache=self.use_cache, reuse=reuse)
            made = make_image(self.target.project, self.target.lock, locked, self.context, how)
            if self.may_keep((made,)):
                keep_image(self.target, locked, made, self.context.cache)
            parts.append(made)
        return tuple(parts)


def lost_layers(parts: Sequence[Made], image: Image, context: Context) -> int:
    """How many layers of ours the image was thought to have in a repository, and are no longer there."""
    ours = {layer.digest for part in parts for layer in part.layers}
    if context.offline or not ours & image.elsewhere.keys():
        return 0
    return len(ours.intersection(later_images.gone(image, context)))


def whole(making: Making, parts: Sequence[Made]) -> Image:
    """The image of the target: that of its one platform, else the index of them."""
    target = making.target
    if not target.is_index:
        return parts[0].image
    annotations = {
        KEY_ANNOTATION: target.key,
        LAYOUT_ANNOTATION: str(LAYOUT),
        COMPRESSOR_ANNOTATION: compressor_id(),
    }
    image = index_of([part.image for part in parts], annotations)
    if making.may_keep(parts):
        keep_index(target, image, making.context.cache)
    return image
