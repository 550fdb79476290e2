"""build: the image of a locked environment, in the cache, a folder, a file, an engine or a registry."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from envlock.errors import AnswerIsNo, OutsideError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.image import Image
from envlock.model.image_layers import BuiltLayer
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.oci.several import layers_of
from envlock.workflows import later, later_images
from envlock.workflows.build_parts import Making, lost_layers, whole
from envlock.workflows.build_record import recorded_digest
from envlock.workflows.build_target import Place, Target, as_stated, target_of
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.make_image import EMBEDDED
from envlock.workflows.project import Project

if TYPE_CHECKING:
    from envlock.registry.found import Found
    from envlock.registry.transfer import Pushed

CACHE, REGISTRY = "cache", "registry"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """`output` is a folder (an OCI layout) or a `.tar`; `load` puts the image into a Docker engine, `push` into its
    repository: with what is attached to it, unless `attach` is False.

    Without `platforms` all locked ones that have images; `engine` None is the one that the lock needs. `reuse` names
    images whose layers are trusted beyond those that git knows of. Without `ask` a push happens also where the
    registry has the image already.

    `place` tells where images go, by name and by what an env.toml says. With `looks` the registry is asked for the
    image and its layers, as for a push, also where nothing is pushed. An image that is not of the digest `expected` is
    not pushed, nor taken for it.
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
    place: Place = as_stated
    looks: bool = False
    expected: str | None = None

    @property
    def asks(self) -> bool:
        return self.push or self.looks


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image, under which name, and what was done.

    `cached` says where the whole of it was, "registry" or "cache": of one in the registry nothing else is known, for
    nothing else was looked at. `base` are the digests of the layers below the environment's. `pushed` is None also of
    what the registry had: then it is `in_registry` all the same.
    """

    name: str
    digest: str
    base: tuple[str, ...] = ()
    layers: tuple[BuiltLayer, ...] = ()
    notes: tuple[str, ...] = ()
    cached: str | None = None
    pushed: "Pushed | None" = None
    in_registry: bool = False
    seconds: float = 0.0  # until it was there, and for pushing it
    pushing: float = 0.0

    @property
    def reference(self) -> str:
        """The one line that other programs want: repository and digest."""
        return f"{self.name.rpartition(':')[0]}@{self.digest}"


def build(project: Project, context: Context, options: BuildOptions = BuildOptions()) -> BuildResult:
    """Builds what is not there yet and puts it where it is asked for."""
    began = datetime.now(UTC)
    require_fresh(project, context.cache)
    reuse = [_image(text) for text in options.reuse]
    target = _target(project, options, context)
    asked = options.asks and options.ask and options.use_cache
    there = found_for(target, context) if asked else None
    found = there.descriptor.digest if there else None
    if found and not (options.output or options.load):
        return BuildResult(name=target.name, digest=found, cached=REGISTRY, in_registry=True, seconds=_since(began))
    making = Making(
        target=target,
        context=context,
        use_cache=options.use_cache,
        writes=options.push and not found,
        reuse=reuse if options.asks else None,
        keeps=not options.looks or options.push,
    )
    return _built(making, options, began, found)


def _image(text: str) -> Reference:
    try:
        return parse_reference(text)
    except ValueError as error:
        raise UserInputError(f"no image can be reused: {error}") from error


def _built(making: Making, options: BuildOptions, began: datetime, found: str | None) -> BuildResult:
    target, context = making.target, making.context
    known = making.known()
    parts = known or making.made()
    built = _since(began)

    def placed(image: Image) -> "Pushed | None":
        require_expected(options.expected, image.manifest.digest, target)
        _hand_over(target, image, options, context)
        if not options.push or image.manifest.digest == found:
            return None
        if found:
            _warn_of_another(target, found, image.manifest.digest, context)
        return later_images.push_image(target, image, context, attach=options.attach, began=began)

    image = whole(making, parts)
    try:
        pushed = placed(image)
    except OutsideError:
        lost = lost_layers(parts, image, context)
        if not lost:
            raise
        context.warn(f"{lost} of its layers are in the registry no more: made here")
        known, parts = None, making.made_here()
        image = whole(making, parts)
        pushed = placed(image)
    layers = tuple(layer for part in parts for layer in part.layers)
    ours = {layer.digest for layer in layers if layer.part == "env"}
    return BuildResult(
        name=target.name,
        digest=image.manifest.digest,
        base=tuple(digest for digest in layers_of(image) if digest not in ours),
        layers=layers,
        notes=tuple(dict.fromkeys((*target.notes, *(note for part in parts for note in part.notes)))),
        cached=CACHE if known else None,
        pushed=pushed,
        in_registry=options.push or image.manifest.digest == found,
        seconds=built,
        pushing=_since(began) - built,
    )


def _since(began: datetime) -> float:
    return (datetime.now(UTC) - began).total_seconds()


def _target(project: Project, options: BuildOptions, context: Context) -> Target:
    lock, spec = read_lock(project.lockfile), later.read_manifest(project)
    repository = options.place(spec.name, spec.image.repository)
    if options.push and repository is None:
        raise UserInputError(
            "env.toml does not say where images go", hint='`[image] repository = "registry.test/team/train"`'
        )
    if options.push and context.offline:
        raise UserInputError("an image cannot be pushed with --offline")
    target = target_of(project, lock, repository or spec.name, options.platforms, options.engine)
    return replace(target, place=options.place)


def found_for(target: Target, context: Context) -> "Found | None":
    """What the registry has under the key; None where it has none, or another than was made here: then somebody has put
    something else there."""
    found = later_images.in_registry(target, context)
    # what is executed comes out otherwise each time
    recorded = recorded_digest(target, context.cache) if target.engine == EMBEDDED else None
    if found and recorded and found.descriptor.digest != recorded:
        _warn_of_another(target, found.descriptor.digest, recorded, context)
        return None
    return found


def require_expected(expected: str | None, digest: str, target: Target) -> None:
    """AnswerIsNo for an image of another digest than the one that is known of a version."""
    # what is executed comes out otherwise each time
    if expected not in (None, digest) and target.engine == EMBEDDED:
        raise AnswerIsNo(
            f"`{target.name}` is {digest}, and the version is registered with {expected}",
            hint="`envlock verify` tells which of them is what the lock says",
        )


def _warn_of_another(target: Target, found: str, made: str, context: Context) -> None:
    context.warn(f"`{target.name}` is {found} in the registry, and {made} was made here of the same lock: pushed again")


def _hand_over(target: Target, image: Image, options: BuildOptions, context: Context) -> None:
    """To files and engines, which want all of its bytes."""
    if not (options.output or options.load):
        return
    complete = _complete(image, context)
    if options.output:
        context.progress(f"writing {options.output}")
        later_images.write_out(complete, [target.name], options.output)
    if options.load:
        context.progress("loading into the Docker engine")
        later_images.load_into_engine(complete, [target.name], context)


def _complete(image: Image, context: Context) -> Image:
    layout = Layout(image.layout)
    missing = [digest for digest in layers_of(image) if not layout.has(digest)]
    if not missing:
        return image
    if context.offline:
        where = image.elsewhere[missing[0]]
        raise OutsideError(
            f"layers of `{where.registry}/{where.repository}` are not in the cache, and this is --offline",
            hint="run it once without",
        )
    return later_images.complete(image, context)
