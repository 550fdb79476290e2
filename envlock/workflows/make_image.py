"""Making an image of one platform, by the engine that is asked for or that its lock needs.

    make_image(project, lock, locked, context, MakeOptions(engine=…, use_cache=…, reuse=…)) -> Made

Engines are functions of this form, in a table: `later_images.ENGINES`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from envlock.errors import UserInputError
from envlock.model.image import Image
from envlock.model.image_layers import BuiltLayer, Reuse, nothing_known
from envlock.model.lock import Lock, PlatformLock
from envlock.workflows import later_images
from envlock.workflows.context import Context
from envlock.workflows.project import Project

EMBEDDED, DOCKER = "embedded", "docker"
HASH_ANNOTATION = "dev.envlock.lock-hash"
KEY_ANNOTATION = "dev.envlock.image-key"
LAYOUT_ANNOTATION = "dev.envlock.layout"
COMPRESSOR_ANNOTATION = "dev.envlock.compressor"


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeOptions:
    """`engine` is a name of the table, None for the one that the lock needs; `reuse` says which layers a registry has:
    it is asked only for those that this machine has not."""

    engine: str | None = None
    use_cache: bool = True
    reuse: Reuse = nothing_known


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """The image of one platform; `base_layers` counts the layers below the environment's, `layers` are ours, bottom to
    top; `notes` are what is to be said of its packages."""

    image: Image
    base_layers: int
    layers: tuple[BuiltLayer, ...]
    notes: tuple[str, ...]


def make_image(
    project: Project, lock: Lock, locked: PlatformLock, context: Context, options: MakeOptions = MakeOptions()
) -> Made:
    """The image of one platform's main set; UserInputError where the engine that is asked for cannot make it."""
    locked = locked.of_groups()
    engine = options.engine or engine_for(locked)
    if engine == EMBEDDED:
        _require_wheels(locked)
    return later_images.engine(engine)(project, lock, locked, context, options)


def engine_for(locked: PlatformLock) -> str:
    """The embedded one, but where something must be executed."""
    return DOCKER if any(_must_be_executed(locked)) else EMBEDDED


def _must_be_executed(locked: PlatformLock) -> Iterator[str]:
    """What of a platform nothing but running code of others makes."""
    if locked.base.context:
        yield "what its Dockerfile makes"
    yield from (f"`{package.name}`" for package in locked.of_groups().pip if package.builds)


def why_docker(locked: PlatformLock) -> str:
    """For whom: of which `engine_for` says so."""
    return ", ".join(_must_be_executed(locked))


def _require_wheels(locked: PlatformLock) -> None:
    built = [package.name for package in locked.pip if package.builds]
    if built:
        raise UserInputError(
            f"no wheel is locked of {', '.join(f'`{name}`' for name in built)}, and making one runs its code, which"
            " the embedded engine does not",
            hint="build with `--engine docker`, or make a wheel, keep it beside env.toml and name it there:"
            f" `{built[0]} @ ./wheels/{built[0]}-….whl`",
        )
    if locked.base.context:
        raise UserInputError(
            "the base is made by a Dockerfile, which the embedded engine does not run",
            hint="build with `--engine docker`",
        )
