"""The base image: pinned and looked into when locking, brought into the cache when its bytes are wanted."""

import hashlib
from dataclasses import asdict, fields
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.images.base import PulledBase, base_folder, copy_base, open_base
from envlock.images.facts import BaseFacts, read_facts
from envlock.model.image import Descriptor
from envlock.model.lock import Base, PlatformLock
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.reference import Reference, parse_reference
from envlock.model.spec import EnvSpec, python_minor
from envlock.oci.image import BaseImage, read_base, scratch
from envlock.oci.layout import Layout
from envlock.system.cache import typed
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.project import Project
from envlock.workflows.task import PlatformTask

SCRATCH = "scratch"
_FACTS = "base-facts"


def lock_base(task: PlatformTask, kept: Base | None) -> Base:
    """The base of one platform, by digest, with what was read of it; a pin that still holds is kept unseen."""
    spec = task.spec
    if not task.platform.has_images:
        return Base(python=_stated_python(spec))
    if spec.base == SCRATCH:
        return Base(reference=SCRATCH, python=_stated_python(spec))
    minor = None if spec.has_conda or not task.wants.pip else python_minor(spec.python)
    if kept and kept.reference == spec.base and _holds(kept, spec, minor):
        return kept
    digest = kept.digest if kept and kept.reference == spec.base else None
    pulled = pull_base(spec.base, digest, task.platform, task.project, task.context)
    facts = _facts(pulled, task.context, interpreter=spec.image.interpreter, minor=minor)
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
    return open_base(reference, layout, descriptor)


def require_usable(task: PlatformTask, base: Base, python: str | None) -> None:
    """What packages will ask of the base, said before anything is solved for it."""
    wanted = task.system.glibc
    if base.glibc and wanted and _numbers(base.glibc) < _numbers(wanted):
        raise UserInputError(
            f"base `{base.reference}` has glibc {base.glibc}, and packages are chosen for glibc {wanted}",
            hint=f'choose a newer base, or declare `glibc = "{base.glibc}"` in [platform.{task.name}]',
        )
    if base.digest and base.glibc is None and task.wants:
        raise UserInputError(
            f"base `{base.reference}` has no glibc, which packages are made for", hint="choose a base such as Debian's"
        )
    minor = task.spec.python
    if python and minor and not f"{python}.".startswith(f"{minor}."):
        raise UserInputError(f"`python` is {minor}, and {python} was found", hint="change `python`, or the base")


def _from_registry(reference: Reference, digest: str | None, platform: Platform, context: Context) -> Descriptor:
    client = later.registry_client(context)
    digest = digest or client.resolve(reference, platform).digest
    return client.pull(reference.at(digest), Layout(context.cache.image_layout))


def _facts(pulled: PulledBase, context: Context, *, interpreter: str | None, minor: str | None) -> BaseFacts:
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


def _holds(kept: Base, spec: EnvSpec, minor: str | None) -> bool:
    """Does what was read of the base still answer what is asked of it?"""
    if minor is None and not spec.image.interpreter:
        return kept.python is None
    if spec.image.interpreter and spec.image.interpreter != kept.interpreter:
        return False
    return kept.python is not None and (minor is None or kept.python.startswith(f"{minor}."))


def _stated_python(spec: EnvSpec) -> str | None:
    """With nothing in the base, wheels are chosen for the Python that `python` states."""
    if spec.has_conda or not spec.python:
        return None
    return spec.python if spec.python.count(".") == 2 else f"{spec.python}.0"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])
