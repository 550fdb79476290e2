"""The docker engine at work: what must be executed runs in containers, and all else is done by the embedded one.

Wheels that were built are packed as if they had been locked; what link scripts changed is one more layer. Each is kept,
so that an engine is asked only for what is new.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.images import embedded
from envlock.images.recipe import PlannedLayer
from envlock.model.digest import canonical_json, lock_hash
from envlock.model.files import IMAGE_PREFIX, SystemFile
from envlock.model.image import Image
from envlock.model.layers import LAYOUT
from envlock.model.lock import CondaPackage, Lock, PlatformLock
from envlock.oci.compress import compressor_id
from envlock.oci.image import BaseImage, read_base
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.registry.transfer import complete
from envlock.system.parts import scratch_folder
from envlock.workflows import later
from envlock.workflows.contents import conda_contents
from envlock.workflows.context import Context
from envlock.workflows.docker_base import dockerfile_base
from envlock.workflows.docker_links import link_scripts, run_link_scripts
from envlock.workflows.docker_needs import BuildNeeds
from envlock.workflows.docker_room import Room, room
from envlock.workflows.docker_wheels import WheelShop, kept_wheels, with_wheels
from envlock.workflows.logins import sources_of
from envlock.workflows.make_embedded import Executed, pack
from envlock.workflows.make_image import Made, MakeOptions
from envlock.workflows.packages import fetch_all, supply_of
from envlock.workflows.project import Project

REPRODUCIBLE_ANNOTATION = "dev.envlock.reproducible"
_LINKED = "link-scripts"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What is to be made, the base that a Dockerfile made for it, the digest of what it stands upon, and a folder for
    what comes out of containers."""

    project: Project
    lock: Lock
    locked: PlatformLock
    context: Context
    options: MakeOptions
    base: BaseImage | None
    upon: str
    folder: Path

    def made(self, executed: Executed, options: MakeOptions) -> Made:
        return pack(self.project, self.lock, executed, self.context, options)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Linked:
    """What link scripts came to: a layer, None where they changed nothing, and their words."""

    layer: PlannedLayer | None = None
    notes: tuple[str, ...] = ()


def make_in_docker(project: Project, lock: Lock, locked: PlatformLock, context: Context, options: MakeOptions) -> Made:
    """The image of one platform, with all that only running code of others makes."""
    base, upon = None, locked.base.digest or ""
    if locked.base.context:
        pulled = dockerfile_base(lock, locked, project, context)
        # the same Dockerfile makes another one upon other images
        base, upon = read_base(pulled.manifest, pulled.config), pulled.descriptor.digest
    with scratch_folder(context.cache.root / "stages") as folder:
        job = _Job(
            project=project,
            lock=lock,
            locked=locked,
            context=context,
            options=options,
            base=base,
            upon=upon,
            folder=folder,
        )
        wheels, linked, ran = _executed(job)
        executed = Executed(
            key=lock_hash(lock, locked),
            locked=with_wheels(locked, wheels),
            base=base,
            layers=(linked.layer,) if linked.layer else (),
            linked=ran,
            annotations={REPRODUCIBLE_ANNOTATION: "false"},
        )
        made = job.made(executed, options)
    return replace(made, notes=(*made.notes, *linked.notes))


def _executed(job: _Job) -> tuple[dict[str, Path], _Linked, frozenset[str]]:
    """The wheels by name, what link scripts did, and of which packages: from the cache, else by one container."""
    use_cache, cache = job.options.use_cache, job.context.cache
    wheels = kept_wheels(job.locked, job.upon, cache) if use_cache else {}
    missing = [p for p in job.locked.pip if p.builds and p.name not in wheels]
    scripts = _scripts(job)
    linked = _kept_links(job, scripts) if scripts and use_cache else None
    if missing or (scripts and linked is None):
        with room(_prefix(job), job.context) as inside:
            linked = linked or (_link(job, scripts, inside) if scripts else None)
            wheels |= _shop(job, inside).build(missing) if missing else {}
    return wheels, linked or _Linked(), frozenset(package.name for package, _ in scripts)


def _scripts(job: _Job) -> tuple[tuple[CondaPackage, str], ...]:
    if not job.locked.conda:
        return ()
    conda = replace(job.locked, pip=())
    files = fetch_all(conda, job.lock.inputs, job.project, job.context)
    return link_scripts(conda_contents(conda, files, job.context.cache))


def _prefix(job: _Job) -> Image:
    """The image in which code is run: base and conda packages, as they will be in the end."""
    executed = Executed(key="", locked=replace(job.locked, pip=()), base=job.base)
    made = job.made(executed, MakeOptions(use_cache=job.options.use_cache))
    layers = read_manifest(Layout(made.image.layout).read(made.image.manifest), "manifest").layers
    if all(Layout(made.image.layout).has(layer) for layer in layers):
        return made.image
    return complete(later.registry_client(job.context), made.image)


def _shop(job: _Job, inside: Room) -> WheelShop:
    inputs = job.lock.inputs
    sources = sources_of(inputs.channels, inputs.indexes, job.project.folder, job.context)
    supply = supply_of(sources, job.context)
    needs = BuildNeeds(lock=job.lock, locked=job.locked, sources=sources, supply=supply, context=job.context)
    return WheelShop(room=inside, locked=job.locked, base=job.upon, needs=needs, supply=supply)


def _links_key(job: _Job) -> str:
    """What decides the outcome of link scripts, as far as anything does."""
    packages = [*(p.sha256 for p in job.locked.debian), *(p.sha256 for p in job.locked.conda)]
    told = [LAYOUT, compressor_id(), job.locked.platform, job.upon, packages]
    return hashlib.sha256(canonical_json(told)).hexdigest()


def _kept_links(job: _Job, scripts: Sequence[object]) -> _Linked | None:
    """What the same scripts came to before, where its layer is still there."""
    kept = job.context.cache.record(_LINKED, _links_key(job), lambda told: (int(told["count"]), tuple(told["notes"])))
    if kept is None:
        return None
    count, notes = kept
    layer = _planned(job, (), count, len(scripts)) if count else None
    if layer and not embedded.is_kept(layer, job.context.cache):
        return None
    return _Linked(layer=layer, notes=notes)


def _link(job: _Job, scripts: Sequence[tuple[CondaPackage, str]], inside: Room) -> _Linked:
    changes = run_link_scripts(scripts, inside, job.folder)
    count = len(changes.files)
    layer = _planned(job, changes.files, count, len(scripts)) if count else None
    job.context.cache.keep(_LINKED, _links_key(job), {"count": count, "notes": changes.notes})
    return _Linked(layer=layer, notes=changes.notes)


def _planned(job: _Job, files: Sequence[SystemFile], count: int, scripts: int) -> PlannedLayer:
    return PlannedLayer(
        title=f"what {scripts} link script{'s' if scripts > 1 else ''} changed",
        key=_links_key(job),
        count=count,
        size=sum(file.size for file in files),
        files=lambda: files,
        root=IMAGE_PREFIX,
    )
