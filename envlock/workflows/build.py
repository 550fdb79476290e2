"""build: the image of a locked environment, in the cache, a folder, a file or an engine."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from envlock.images import embedded
from envlock.images.docker_engine import load
from envlock.images.recipe import ImageRecipe
from envlock.manifest.reader import read_manifest
from envlock.model.activation import environment
from envlock.model.digest import image_key, image_tag, lock_hash
from envlock.model.files import IMAGE_PREFIX
from envlock.model.image import Descriptor, Image
from envlock.model.layers import LAYOUT
from envlock.model.lock import Lock, PlatformLock
from envlock.oci.archive import export_layout, write_archive
from envlock.oci.compress import compressor_id
from envlock.oci.image import BaseImage, ConfigChanges
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest as read_image_manifest
from envlock.system.files import scratch_folder
from envlock.workflows.activation import ENV_VARS, SCRIPTS, variables
from envlock.workflows.bases import base_image
from envlock.workflows.check import require_fresh
from envlock.workflows.conda_stage import CondaStage
from envlock.workflows.contents import PackageContents, all_contents
from envlock.workflows.context import Context
from envlock.workflows.packages import fetch_all, sources_of
from envlock.workflows.plan_image import plan_layers
from envlock.workflows.project import Project

_IMAGES = "images"
HASH_ANNOTATION = "dev.envlock.lock-hash"
LAYOUT_ANNOTATION = "dev.envlock.layout"
COMPRESSOR_ANNOTATION = "dev.envlock.compressor"
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """`output` is a folder (an OCI layout) or a `.tar`; `load` puts the image into a Docker engine."""

    output: Path | None = None
    load: bool = False
    use_cache: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildResult:
    """An image, under which name, and what was done: `layers` is empty where the whole image was there."""

    image: Image
    name: str
    base_layers: int
    layers: tuple[embedded.BuiltLayer, ...]
    notes: tuple[str, ...]
    seconds: float

    @property
    def reference(self) -> str:
        """The one line that other programs want: repository and digest."""
        return f"{self.name.rpartition(':')[0]}@{self.image.manifest.digest}"


def build(project: Project, context: Context, options: BuildOptions = BuildOptions()) -> BuildResult:
    """Builds what is not there yet and puts it where it is asked for."""
    began = monotonic()
    lock = require_fresh(project, context.cache)
    spec = read_manifest(project.manifest)
    name = f"{spec.image.repository or spec.name}:{image_tag(image_key(lock))}"
    locked = lock.platforms[0]
    there = _known(lock, locked, context) if options.use_cache else None
    built, notes = (there, ()) if there else _build(project, lock, locked, context, use_cache=options.use_cache)
    _hand_over(built.image, [name], options, context)
    return BuildResult(
        image=built.image,
        name=name,
        base_layers=built.base,
        layers=built.layers,
        notes=notes,
        seconds=monotonic() - began,
    )


def _hand_over(image: Image, names: Sequence[str], options: BuildOptions, context: Context) -> None:
    if options.output and options.output.suffix == ".tar":
        context.progress(f"writing {options.output}")
        write_archive(image, names, options.output)
    elif options.output:
        context.progress(f"writing {options.output}")
        export_layout(image, options.output, names)
    if options.load:
        context.progress("loading into the Docker engine")
        load(image, names)


def _image_record(lock: Lock, locked: PlatformLock) -> str:
    return f"{lock_hash(lock, locked)}-{LAYOUT}-{compressor_id()}"


def _known(lock: Lock, locked: PlatformLock, context: Context) -> embedded.Built | None:
    """The image, where it was made before and all its blobs are still there."""
    record = context.cache.record(_IMAGES, _image_record(lock, locked))
    layout = Layout(context.cache.image_layout)
    if not record or not layout.has(record["digest"]):
        return None
    manifest = read_image_manifest(layout.read(record["digest"]), "the built image")
    if not all(layout.has(blob) for blob in manifest.blobs):
        return None
    descriptor = Descriptor(media_type=record["mediaType"], digest=record["digest"], size=record["size"])
    return embedded.Built(image=Image(layout=layout.root, manifest=descriptor), base=record["base"], layers=())


def _build(
    project: Project, lock: Lock, locked: PlatformLock, context: Context, *, use_cache: bool
) -> tuple[embedded.Built, tuple[str, ...]]:
    base = base_image(locked, project, context)
    files = fetch_all(locked, sources_of(lock.inputs, project), context)
    contents = all_contents(locked, files, context.cache)
    with scratch_folder(context.cache.root / "stages") as folder:
        stage = CondaStage(locked.conda, files, context.cache, folder / "prefix")
        plan = plan_layers(locked, contents, files, stage)
        recipe = ImageRecipe(
            base=base,
            layers=plan.layers,
            changes=_changes(lock, locked, base, contents),
            annotations={
                HASH_ANNOTATION: lock_hash(lock, locked),
                LAYOUT_ANNOTATION: str(LAYOUT),
                COMPRESSOR_ANNOTATION: compressor_id(),
            },
        )
        built = embedded.build(recipe, context.cache, use_cache=use_cache, progress=context.progress)
    context.cache.keep(_IMAGES, _image_record(lock, locked), {**built.image.manifest.json(), "base": built.base})
    return built, tuple(_notes(contents))


def _changes(lock: Lock, locked: PlatformLock, base: BaseImage, contents: Sequence[PackageContents]) -> ConfigChanges:
    image = lock.image
    texts = {path: text for c in contents for path, text in c.activation}
    inside = environment(
        locked,
        image,
        prefix=IMAGE_PREFIX,
        path=base.environment.get("PATH", _DEFAULT_PATH),
        activated=variables(texts),
    )
    return ConfigChanges(
        environment=tuple(sorted(inside.items())),
        user=image.user,
        workdir=image.workdir,
        entrypoint=image.entrypoint,
        cmd=image.cmd,
        labels=dict(image.labels),
    )


def _notes(contents: Sequence[PackageContents]) -> list[str]:
    """What packages would want to run and nobody does: said, so that nobody has to find out."""
    scripts = [
        f"`{c.package.name}` has link scripts, which are not run: {', '.join(c.scripts)}" for c in contents if c.scripts
    ]
    activation = [
        f"`{c.package.name}` has activation scripts, of which only plain exports are taken over: {', '.join(shell)}"
        for c in contents
        if (shell := [p for p in c.paths if p.startswith(SCRIPTS) and not p.startswith(ENV_VARS)])
    ]
    return [*scripts, *activation]
