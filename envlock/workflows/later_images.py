"""What only some builds need, loaded by those: as `later`, for all that makes and moves images."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from envlock.model.image import Image
    from envlock.workflows.context import Context
    from envlock.workflows.make_image import Made

ENGINES = {
    "embedded": ("envlock.workflows.make_embedded", "make_embedded"),
    "docker": ("envlock.workflows.docker_build", "make_in_docker"),
}


def engine(name: str) -> "Callable[..., Made]":
    """The function that makes an image with the engine of a name."""
    from importlib import import_module

    module, function = ENGINES[name]
    made: Callable[..., Made] = getattr(import_module(module), function)
    return made


def load_into_engine(image: "Image", names: "Sequence[str]", context: "Context") -> None:
    from envlock.images.docker_engine.loading import load

    load(image, names, context.environment)
