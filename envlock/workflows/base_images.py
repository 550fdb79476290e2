"""The base image itself: looked into when locking, brought into the cache when its bytes are wanted."""

import hashlib
from dataclasses import asdict, fields, replace
from typing import TYPE_CHECKING, Any

from envlock.errors import OutsideError
from envlock.images.base import PulledBase, base_folder, copy_base, open_base
from envlock.images.facts import BaseFacts, read_facts
from envlock.model.image import Descriptor
from envlock.model.lock import Base, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.reference import Reference, parse_reference
from envlock.oci.image import BaseImage, read_base, scratch
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.system.cache import typed
from envlock.system.cache_use import used
from envlock.workflows import later, later_local
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask

if TYPE_CHECKING:
    from envlock.registry.client import RegistryClient

_FACTS = "base-facts"


def look_into_base(task: PlatformTask, digest: str | None, minor: str | None) -> Base:
    """The base that a task asks for, of `digest` where there is one, with what is read of it; `minor` is the Python
    that is looked for, None for no matter which."""
    spec = task.spec
    assert spec.base
    pulled = pull_base(spec.base, digest, task.platform, task.project, task.context)
    facts = base_facts(pulled, task.context, interpreter=spec.image.interpreter, minor=minor)
    return Base(reference=spec.base, digest=pulled.descriptor.digest, **asdict(facts))


def base_image(locked: PlatformLock, project: Project, context: Context) -> BaseImage:
    """The locked base as a builder wants it; the layers of one from a registry stay there until somebody needs them."""
    platform = PLATFORMS[locked.platform]
    reference, digest = locked.base.reference, locked.base.digest
    if reference is None or digest is None:
        return scratch(platform.architecture)
    if base_folder(reference, project.folder):
        pulled = pull_base(reference, digest, platform, project, context)
        return read_base(pulled.manifest, pulled.config)
    later_local.bring_saved_base(locked, project, context)
    pulled = _glance(reference, digest, context)
    return replace(read_base(pulled.manifest, pulled.config), where=parse_reference(reference).at(digest))


def _glance(reference: str, digest: str, context: Context) -> PulledBase:
    """A base with its manifest and config in the cache, and perhaps no more of it."""
    layout, there = Layout(context.cache.image_layout), parse_reference(reference).at(digest)

    def client() -> "RegistryClient":
        _require_online(reference, context)
        return later.registry_client(context)

    content = layout.read(digest) if layout.has(digest) else client().get(there).content
    manifest = read_manifest(content, f"the manifest of `{reference}`")
    config = layout.read(manifest.config) if layout.has(manifest.config) else client().read(there, manifest.config)
    layout.create()
    layout.put(config, manifest.config.media_type)
    descriptor = layout.put(content, manifest.media_type)
    used(layout.blob_path(digest))  # and with it, by what it names, its layers
    return PulledBase(reference=reference, layout=layout, descriptor=descriptor, manifest=content, config=config)


def _require_online(reference: str, context: Context) -> None:
    if context.offline:
        raise OutsideError(f"base `{reference}` is not in the cache, and this is --offline", hint="run it once without")


def pull_base(reference: str, digest: str | None, platform: Platform, project: Project, context: Context) -> PulledBase:
    """A base in the cache's layout: of `digest`, or without one what the reference stands for now."""
    layout = Layout(context.cache.image_layout)
    folder = base_folder(reference, project.folder)
    if folder:
        descriptor = copy_base(folder, layout, platform, digest=digest)
    else:
        if not (digest and layout.has(digest)):
            _require_online(reference, context)
        descriptor = _from_registry(parse_reference(reference), digest, platform, context)
    used(layout.blob_path(descriptor.digest))  # and with it, by what it names, its layers
    return open_base(reference, layout, descriptor)


def _from_registry(reference: Reference, digest: str | None, platform: Platform, context: Context) -> Descriptor:
    client = later.registry_client(context)
    digest = digest or client.resolve(reference, platform).digest
    return client.pull(reference.at(digest), Layout(context.cache.image_layout), context.moved)


def base_facts(pulled: PulledBase, context: Context, *, interpreter: str | None, minor: str | None) -> BaseFacts:
    """What is read of a base once a digest: opening 30 MB of layers for it takes a second."""
    asked = f"{pulled.descriptor.digest}\n{interpreter}\n{minor}"
    key = hashlib.sha256(asked.encode()).hexdigest()
    facts = context.cache.record(_FACTS, key, _kept_facts)
    if facts is None:
        facts = read_facts(pulled, interpreter=interpreter, python_minor=minor)
        context.cache.keep(_FACTS, key, asdict(facts))
    return facts


def _kept_facts(kept: Any) -> BaseFacts:
    found = {each.name: kept[each.name] for each in fields(BaseFacts)}
    return BaseFacts(**{name: None if value is None else typed(value, str) for name, value in found.items()})
