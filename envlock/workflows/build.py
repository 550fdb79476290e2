"""build: the image of a locked environment, in the cache, a folder, a file, an engine or a registry."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from envlock.lockfile.reader import read_lock
from envlock.model.image import Image
from envlock.model.image_layers import BuiltLayer, Reuse, nothing_known
from envlock.model.layers import LAYOUT
from envlock.oci.archive import export_layout, write_archive
from envlock.oci.compress import compressor_id
from envlock.oci.several import index_of
from envlock.workflows import later, later_images
from envlock.workflows.build_record import keep_image, keep_index, known_image
from envlock.workflows.build_target import Target, target_of
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.make_image import (
    COMPRESSOR_ANNOTATION,
    KEY_ANNOTATION,
    LAYOUT_ANNOTATION,
    Made,
    MakeOptions,
    make_image,
)
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """`output` is a folder (an OCI layout) or a `.tar`; `load` puts the image into a Docker engine, `push` into its
    repository: with what is attached to it, unless `attach` is False.

    Without `platforms` all locked ones that have images; `engine` None is the one that the lock needs. `reuse` names
    images whose layers are trusted beyond those that git knows of. Without `ask` a push happens also where the
    registry has the image already.
    """

    platforms: tuple[str, ...] = ()
    engine: str | None = None
    output: Path | None = None
    load: bool = False
    push: bool = False
    attach: bool = True
    ask: bool = True
    use_cache: bool = True
    reuse: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image, under which name, and what was done."""

    name: str
    image: Image
    base_layers: int
    layers: tuple[BuiltLayer, ...]
    notes: tuple[str, ...]
    seconds: float
    cached: bool

    @property
    def digest(self) -> str:
        return self.image.manifest.digest

    @property
    def reference(self) -> str:
        """The one line that other programs want: repository and digest."""
        return f"{self.name.rpartition(':')[0]}@{self.digest}"


def build(project: Project, context: Context, options: BuildOptions = BuildOptions()) -> BuildResult:
    """Builds what is not there yet and puts it where it is asked for."""
    began = monotonic()
    require_fresh(project, context.cache)
    lock, spec = read_lock(project.lockfile), later.read_manifest(project)
    target = target_of(project, lock, spec.image.repository or spec.name, options.platforms, options.engine)
    known = _known(target, context) if options.use_cache else None
    parts = known or _made(target, context, options)
    image = _whole(target, parts, context)
    _hand_over(image, [target.name], options, context)
    return BuildResult(
        name=target.name,
        image=image,
        base_layers=sum(part.base_layers for part in parts),
        layers=tuple(layer for part in parts for layer in part.layers),
        notes=tuple(dict.fromkeys((*target.notes, *(note for part in parts for note in part.notes)))),
        seconds=monotonic() - began,
        cached=known is not None,
    )


def _known(target: Target, context: Context) -> tuple[Made, ...] | None:
    """The images of all platforms, where all were made before."""
    found = [known_image(target, locked, context.cache) for locked in target.platforms]
    return tuple(part for part in found if part) if all(found) else None


def _made(target: Target, context: Context, options: BuildOptions, reuse: Reuse = nothing_known) -> tuple[Made, ...]:
    how = MakeOptions(engine=target.engine, use_cache=options.use_cache, reuse=reuse)
    parts = []
    for locked in target.platforms:
        made = make_image(target.project, target.lock, locked, context, how)
        keep_image(target, locked, made, context.cache)
        parts.append(made)
    return tuple(parts)


def _whole(target: Target, parts: Sequence[Made], context: Context) -> Image:
    if not target.is_index:
        return parts[0].image
    annotations = {
        KEY_ANNOTATION: target.key,
        LAYOUT_ANNOTATION: str(LAYOUT),
        COMPRESSOR_ANNOTATION: compressor_id(),
    }
    image = index_of([part.image for part in parts], annotations)
    keep_index(target, image, context.cache)
    return image


def _hand_over(image: Image, names: Sequence[str], options: BuildOptions, context: Context) -> None:
    if options.output:
        context.progress(f"writing {options.output}")
        if options.output.suffix == ".tar":
            write_archive(image, names, options.output)
        else:
            export_layout(image, options.output, names)
    if options.load:
        context.progress("loading into the Docker engine")
        later_images.load_into_engine(image, names, context)
