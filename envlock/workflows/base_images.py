"""The base image itself: looked into when locking, brought into the cache when its bytes are wanted."""

import hashlib
from dataclasses import asdict, fields
from typing import Any

from envlock.errors import OutsideError
from envlock.images.base import PulledBase, base_folder, copy_base, open_base
from envlock.images.facts import BaseFacts, read_facts
from envlock.model.image import Descriptor
from envlock.model.lock import Base, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.reference import Reference, parse_reference
from envlock.oci.image import BaseImage, read_base, scratch
from envlock.oci.layout import Layout
from envlock.system.cache import typed
from envlock.system.cache_use import used
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask

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
    """The locked base with its layers in the cache, as a builder wants it."""
    platform = PLATFORMS[locked.platform]
    if locked.base.reference is None or locked.base.digest is None:
        return scratch(platform.architecture)
    pulled = pull_base(locked.base.reference, locked.base.digest, platform, project, context)
    return read_base(pulled.manifest, pulled.config)


def pull_base(reference: str, digest: str | None, platform: Platform, project: Project, context: Context) -> PulledBase:
    """A base in the cache's layout: of `digest`, or without one what the reference stands for now."""
    layout = Layout(context.cache.image_layout)
    folder = base_folder(reference, project.folder)
    if folder:
        descriptor = copy_base(folder, layout, platform, digest=digest)
    else:
        if context.offline and not (digest and layout.has(digest)):
            raise OutsideError(
                f"base `{reference}` is not in the cache, and this is --offline", hint="run it once without"
            )
        descriptor = _from_registry(parse_reference(reference), digest, platform, context)
    used(layout.blob_path(descriptor.digest))  # and with it, by what it names, its layers
    return open_base(reference, layout, descriptor)


def _from_registry(reference: Reference, digest: str | None, platform: Platform, context: Context) -> Descriptor:
    client = later.registry_client(context)
    digest = digest or client.resolve(reference, platform).digest
    return client.pull(reference.at(digest), Layout(context.cache.image_layout))


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
