"""inspect: an image as it is, in a registry, a file or the cache; or what an environment's is going to be called."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import AnswerIsNo, OutsideError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.image_view import ImageView, LayerView, PlatformView
from envlock.model.reference import parse_reference
from envlock.oci.blob import BrokenBlob
from envlock.oci.document import parse
from envlock.oci.image_check import Documents
from envlock.oci.index import IndexEntry
from envlock.oci.manifest import Manifest, read_config, read_document, read_manifest
from envlock.workflows import later
from envlock.workflows.attached import attached
from envlock.workflows.build_target import Target, target_of
from envlock.workflows.context import Context
from envlock.workflows.image_places import CachedImage, ImagePlace, RegistryImage, image_place
from envlock.workflows.make_image import HASH_ANNOTATION, KEY_ANNOTATION
from envlock.workflows.project import Project, environment_named, find_project, is_elsewhere
from envlock.workflows.verify_target import annotations_of

REGISTRY, FILE, CACHE, NOWHERE = "registry", "file", "cache", "nowhere"


def inspect(image: str | None, context: Context, start: Path) -> ImageView:
    """What IMAGE or ENV is; without either, the environment that is here."""
    project = _project(image, start, context)
    return image_of(project, context) if project else view(image_place(image or "", context))


def image_of(project: Project, context: Context) -> ImageView:
    """The image of an environment, where it is made, else what it is going to be called."""
    target = _target(project)
    place = _place(target, context)
    return view(place) if place else _planned(target)


def place_of(image: str | None, context: Context, start: Path) -> ImagePlace:
    """Where the image is; AnswerIsNo for that of an environment which is not built yet."""
    project = _project(image, start, context)
    if project is None:
        return image_place(image or "", context)
    target = _target(project)
    place = _place(target, context)
    if place is None:
        raise AnswerIsNo(f"`{target.name}` is not built yet", hint="`envlock build --push`")
    return place


def view(place: ImagePlace) -> ImageView:
    """An image that is there; AnswerIsNo where its documents are not what they are said to be."""
    try:
        return _view(place)
    except BrokenBlob as error:
        raise AnswerIsNo(f"{place.title} is broken: {error.message}") from error


def _project(image: str | None, start: Path, context: Context) -> Project | None:
    """The environment that is meant: an environment's name comes before an image's."""
    if image is None:
        return find_project(None, start)
    if image.startswith("oci:") or ("@" in image and not _is_version(image, start)):
        return None
    if is_elsewhere(image, start):
        return environment_named(image, start, context)
    try:
        return find_project(image, start)
    except UserInputError:
        return None


def _is_version(text: str, start: Path) -> bool:
    """`train@3`, and no `host/train@sha256:…`."""
    return is_elsewhere(text, start) and ("#" in text or not ("/" in text.partition("@")[0] or "@sha256:" in text))


def _target(project: Project) -> Target:
    spec = later.read_manifest(project)
    return target_of(project, read_lock(project.lockfile), spec.image.repository or spec.name)


def _place(target: Target, context: Context) -> ImagePlace | None:
    """In its repository where it names one, with what hangs on it there; else in the cache."""
    cached = CachedImage.of(target, context)
    if target.repository == target.project.name or context.offline:
        return cached
    reference = parse_reference(target.name)
    client = later.registry_client(context)
    try:
        found = client.find(reference)
    except OutsideError as error:
        context.warn(f"{error.message}: only this machine is looked at")
        return cached
    return RegistryImage(client, reference) if found else cached


def _planned(target: Target) -> ImageView:
    packages = {locked.platform: len(locked.packages) for locked in target.platforms}
    return ImageView(name=target.name, where=NOWHERE, key=target.key, packages=packages)


def _view(place: ImagePlace) -> ImageView:
    top, content = place.top()
    stated, document = annotations_of(content), read_document(content, f"`{place.title}`")
    entries = [IndexEntry(descriptor=top)] if isinstance(document, Manifest) else list(document)
    platforms = tuple(_platform(place, entry) for entry in entries if entry.os != "unknown")
    subjects = dict.fromkeys([top.digest, *(entry.descriptor.digest for entry in entries)])
    return ImageView(
        name=place.title,
        where=place.where,
        digest=top.digest,
        key=stated.get(KEY_ANNOTATION, stated.get(HASH_ANNOTATION)),
        platforms=platforms,
        attached=tuple(each for digest in subjects for each in attached(place, digest)),
    )


def _platform(place: ImagePlace, entry: IndexEntry) -> PlatformView:
    manifest = place.read(entry.descriptor)
    config = place.read(read_manifest(manifest, f"the manifest of `{place.title}`").config)
    documents = Documents(manifest=manifest, config=config)
    told = parse(config, "the config").optional("config")
    if told and (labels := told.optional("Labels")):
        labels.text_by_name()  # whoever shows them takes them for such
    return PlatformView(
        platform=read_config(config, "the config").platform,
        digest=entry.descriptor.digest,
        annotations=annotations_of(manifest),
        layers=tuple(_layers(documents)),
        settings=told.mapping() if told else {},
    )


def _layers(documents: Documents) -> Iterator[LayerView]:
    for layer, (part, title) in zip(documents.layers, documents.parts, strict=True):
        yield LayerView(digest=layer.digest, size=layer.size, part=part, title=title, media_type=layer.media_type)
