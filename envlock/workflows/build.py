"""build: the image of a locked environment, in the cache, a folder, a file or an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.images.embedded import Built, BuiltLayer
from envlock.lockfile.reader import read_lock
from envlock.model.digest import image_tag, lock_hash
from envlock.model.image import Descriptor, Image
from envlock.model.layers import LAYOUT
from envlock.model.lock import Lock, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.oci.archive import export_layout, write_archive
from envlock.oci.compress import compressor_id
from envlock.oci.document import Node
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.workflows import later
from envlock.workflows.check import require_fresh
from envlock.workflows.context import Context
from envlock.workflows.debian_system import functions_id
from envlock.workflows.project import Project

_IMAGES = "images"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """`output` is a folder (an OCI layout) or a `.tar`; `load` puts the image into a Docker engine.

    `platform` is needed only where several are locked.
    """

    platform: str | None = None
    output: Path | None = None
    load: bool = False
    use_cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image, under which name, and what was done: `layers` is empty where the whole image was there."""

    image: Image
    name: str
    base_layers: int
    layers: tuple[BuiltLayer, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def reference(self) -> str:
        """The one line that other programs want: repository and digest."""
        return f"{self.name.rpartition(':')[0]}@{self.image.manifest.digest}"


def build(project: Project, context: Context, options: BuildOptions = BuildOptions()) -> BuildResult:
    """Builds what is not there yet and puts it where it is asked for."""
    began = monotonic()
    require_fresh(project, context.cache)
    lock, spec = read_lock(project.lockfile), later.read_manifest(project)
    locked = _platform(lock, options.platform)
    name = f"{spec.image.repository or spec.name}:{image_tag(lock_hash(lock, locked))}"
    # what is made in place of Debian's scripts no lock says
    made_by = f"-{functions_id()}" if locked.debian else ""
    record = f"{lock_hash(lock, locked)}-{LAYOUT}-{compressor_id()}{made_by}"
    known = _known(record, context) if options.use_cache else None
    if known:
        built, notes = known
    else:
        built, notes = later.make_image(project, lock, locked, context, use_cache=options.use_cache)
        context.cache.keep(_IMAGES, record, {**built.image.manifest.json(), "base": built.base, "notes": notes})
    _hand_over(built.image, [name], options, context)
    return BuildResult(
        image=built.image,
        name=name,
        base_layers=built.base,
        layers=built.layers,
        notes=notes,
        seconds=monotonic() - began,
    )


def _platform(lock: Lock, name: str | None) -> PlatformLock:
    """The main set of one of the platforms that images are made for."""
    possible = [platform for platform in lock.platforms if PLATFORMS[platform.platform].has_images]
    if not possible:
        raise UserInputError("no image is made for the locked platforms", hint="add `linux-64` to `platforms`")
    found = next((p for p in possible if p.platform == name), None) if name else possible[0]
    if found is None:
        raise UserInputError(f"`{name}` is not among the locked platforms", hint="add it to `platforms` in env.toml")
    return _unbuilt(found.of_groups())


def _unbuilt(locked: PlatformLock) -> PlatformLock:
    """The same; UserInputError where something of it is no wheel: no code of packages is run here."""
    built = [package.name for package in locked.pip if package.builds]
    if built:
        raise UserInputError(
            f"no wheel is locked of {', '.join(f'`{name}`' for name in built)}, and making one runs its code, which"
            " building an image does not",
            hint=f"make a wheel, keep it beside env.toml and name it there: `{built[0]} @ ./wheels/{built[0]}-….whl`",
        )
    return locked


def _known(record: str, context: Context) -> tuple[Built, tuple[str, ...]] | None:
    """The image and what was said of it, where it was made before and all its blobs are still there."""
    kept = context.cache.record(_IMAGES, record, _read_record)
    layout = Layout(context.cache.image_layout)
    if not kept or not layout.has(kept[0]):
        return None
    descriptor, base, notes = kept
    try:
        manifest = read_manifest(layout.read(descriptor), "the manifest of the image in the cache")
        layout.read(manifest.config)
    except OutsideError:
        return None  # missing or damaged: it is made anew, and small
    if not all(layout.has(layer) for layer in manifest.layers):
        return None
    return Built(image=Image(layout=layout.root, manifest=descriptor), base=base, layers=()), notes


def _read_record(kept: Any) -> tuple[Descriptor, int, tuple[str, ...]]:
    node = Node(kept, _IMAGES)
    return node.descriptor(), node.field("base").count(), node.field("notes").texts()


def _hand_over(image: Image, names: Sequence[str], options: BuildOptions, context: Context) -> None:
    if options.output:
        context.progress(f"writing {options.output}")
        if options.output.suffix == ".tar":
            write_archive(image, names, options.output)
        else:
            export_layout(image, options.output, names)
    if options.load:
        context.progress("loading into the Docker engine")
        later.load_into_engine(image, names, context)
