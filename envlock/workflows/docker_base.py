"""The base that a Dockerfile makes: built when it is locked and, where the cache has lost it, when an image is made.

It is kept by what Dockerfile and context hold: nothing is built again while that stays as it is.
"""

from dataclasses import asdict

from envlock.errors import OutsideError
from envlock.images.base import PulledBase, open_base
from envlock.images.dockerfile import LISTINGS, DockerContext, read_context
from envlock.model.image import Descriptor
from envlock.model.lock import Base, Lock, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.workflows import later
from envlock.workflows.base_images import base_facts
from envlock.workflows.context import Context
from envlock.workflows.docker_log import Log
from envlock.workflows.dockerfile_bases import keep_base, known_base
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask


def look_into_dockerfile(task: PlatformTask, minor: str | None) -> Base:
    """What is read of the image that the task's Dockerfile makes; built anew where the base is to move."""
    interpreter = task.spec.image.interpreter
    context = read_context(task.project.folder, task.spec.image.dockerfile or "")
    pulled = _built(context, task.platform, task.context, anew=task.upgrade.moves_base)
    facts = base_facts(pulled, task.context, interpreter=interpreter, minor=minor)
    return Base(context=context.sha256, **asdict(facts))


def dockerfile_base(lock: Lock, locked: PlatformLock, project: Project, context: Context) -> PulledBase:
    """The image that the locked Dockerfile makes, in the cache's layout; OutsideError where it is not what was locked:
    the Dockerfile's own bases may have moved since."""
    read = read_context(project.folder, lock.inputs.dockerfile or "")
    if read.sha256 != locked.base.context:
        raise OutsideError(f"`{read.name}` or what it may copy was changed just now", hint="run `envlock lock`")
    pulled = _built(read, PLATFORMS[locked.platform], context)
    minor = ".".join((locked.base.python or "").split(".")[:2]) or None
    found = base_facts(pulled, context, interpreter=locked.base.interpreter, minor=minor)
    for name, value in asdict(found).items():
        if value != getattr(locked.base, name):
            raise OutsideError(
                f"`{read.name}` makes a base with {name} {value or 'missing'} now, and"
                f" {getattr(locked.base, name) or 'none'} is locked",
                hint="`envlock lock -P base` locks what it makes now",
            )
    return pulled


def _built(read: DockerContext, platform: Platform, context: Context, *, anew: bool = False) -> PulledBase:
    """From the cache, or built; one process at a time builds it."""
    sha256, layout = read.sha256, Layout(context.cache.image_layout)
    with context.cache.lock(f"dockerfile-{sha256[:32]}-{platform.name}"):
        found = None if anew else known_base(sha256, platform.name, context.cache)
        if found is None or not _is_whole(layout, found):
            found = _build(read, platform, context, anew=anew)
            keep_base(sha256, platform.name, found, context.cache)
            context.cache.keep(LISTINGS, sha256, dict(read.listing))
    return open_base(read.name, layout, found)


def _build(read: DockerContext, platform: Platform, context: Context, *, anew: bool) -> Descriptor:
    if context.offline:
        raise OutsideError(
            f"what `{read.name}` makes is not in the cache, and this is --offline", hint="run it once without"
        )
    context.progress(f"{platform.name}: building {read.name}")
    log = Log(context)
    try:
        return later.dockerfile_image(read, platform, context, log, anew=anew)
    except OutsideError as error:
        raise log.failed(error) from error


def _is_whole(layout: Layout, found: Descriptor) -> bool:
    if not layout.has(found):
        return False
    manifest = read_manifest(layout.read(found), "the manifest of a base in the cache")
    return all(layout.has(blob) for blob in manifest.blobs)
