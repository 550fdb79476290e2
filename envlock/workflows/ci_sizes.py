"""How large images are that a registry or the cache has: by their manifests, without a layer of them."""

from collections.abc import Callable
from dataclasses import replace

from envlock.errors import EnvlockError, OutsideError
from envlock.model.digest import image_tag
from envlock.model.image import Descriptor
from envlock.model.reference import Reference, parse_reference
from envlock.oci.document import parse
from envlock.oci.layout import Layout
from envlock.oci.manifest import MANIFEST_TYPES, Manifest, read_document, read_manifest
from envlock.registry.found import Found
from envlock.workflows import later
from envlock.workflows.build_record import recorded_digest
from envlock.workflows.build_target import Target, target_of
from envlock.workflows.ci_report import Subject
from envlock.workflows.context import Context
from envlock.workflows.make_image import EMBEDDED, HASH_ANNOTATION, KEY_ANNOTATION

Read = Callable[[Descriptor], bytes]


def size_of(content: bytes, read: Read) -> int | None:
    """The bytes of all layers, compressed, the base's too; of several platforms, each layer once. None where a manifest
    cannot be had."""
    try:
        document = read_document(content, "the image")
        if isinstance(document, Manifest):
            manifests = [document]
        else:
            entries = [entry.descriptor for entry in document if entry.descriptor.media_type in MANIFEST_TYPES]
            manifests = [read_manifest(read(entry), f"`{entry.digest}`") for entry in entries]
    except OutsideError:
        return None
    return sum({layer.digest: layer.size for manifest in manifests for layer in manifest.layers}.values())


def from_registry(repository: Reference, context: Context) -> Read:
    return lambda manifest: later.registry_client(context).get(repository.at(manifest.digest)).content


def from_cache(context: Context) -> Read:
    return Layout(context.cache.image_layout).read


def image_before(subject: Subject, target: Target, context: Context) -> Found | None:
    """The image that the base's lock has in the registry, under its whole key; None where it is not there, or is
    nothing that can be read."""
    if subject.was is None or subject.was == target.key:
        return None
    engine = "" if target.engine == EMBEDDED else f"-{target.engine}"
    tag = replace(parse_reference(target.name), tag=f"{image_tag(subject.was)}{engine}")
    try:
        found = later.registry_client(context).find(tag)
        told = parse(found.content, f"`{tag}`").optional("annotations") if found else None
        stated = told.text_by_name() if told else {}
    except OutsideError:
        return None
    return found if subject.was in (stated.get(HASH_ANNOTATION), stated.get(KEY_ANNOTATION)) else None


def size_made_before(subject: Subject, target: Target, context: Context) -> int | None:
    """The size of the image of the base's lock, where this machine has made it."""
    lock = subject.comparison.before.lock if subject.comparison else None
    if lock is None:
        return None
    try:
        before = target_of(target.project, lock, target.repository, engine=target.engine)
        digest, read = recorded_digest(before, context.cache), Layout(context.cache.image_layout).read
        return size_of(read(digest), read) if digest else None
    except EnvlockError:
        return None
