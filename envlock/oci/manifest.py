"""Image manifests as others wrote them: which blobs an image is made of, and which manifest is a platform's."""

from collections.abc import Iterable
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.model.image import DOCKER_LIST_TYPE, DOCKER_MANIFEST_TYPE, INDEX_TYPE, MANIFEST_TYPE, Descriptor
from envlock.model.platform import Platform
from envlock.oci.document import parse
from envlock.oci.index import IndexEntry, read_index

INDEX_TYPES = (INDEX_TYPE, DOCKER_LIST_TYPE)
MANIFEST_TYPES = (MANIFEST_TYPE, DOCKER_MANIFEST_TYPE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The blobs of one image, layers from the lowest up."""

    media_type: str
    config: Descriptor
    layers: tuple[Descriptor, ...]

    @property
    def blobs(self) -> tuple[Descriptor, ...]:
        """The config and each layer once, however often it is used."""
        return tuple({blob.digest: blob for blob in (self.config, *self.layers)}.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What an image's config says of where it runs, and its variables as "NAME=value"."""

    platform: str
    variables: tuple[str, ...]


def read_document(data: bytes, name: str) -> Manifest | tuple[IndexEntry, ...]:
    """A manifest, or the entries of an index; OutsideError that names the document `name` for anything else."""
    root = parse(data, name)
    fields = root.mapping().keys() & {"manifests", "layers", "config"}
    # a text that is both would be one image to us and another to an engine
    if fields == {"manifests"}:
        return read_index(data, name)
    stated = root.optional("mediaType")
    media_type = stated.text() if stated else MANIFEST_TYPE
    if fields != {"layers", "config"} or media_type not in MANIFEST_TYPES:
        raise OutsideError(f"{name} is neither an image index nor an image manifest that envlock knows ({media_type})")
    layers = tuple(layer.descriptor() for layer in root.field("layers").items())
    return Manifest(media_type=media_type, config=root.field("config").descriptor(), layers=layers)


def read_manifest(data: bytes, name: str) -> Manifest:
    """A manifest; OutsideError for an index too."""
    document = read_document(data, name)
    if not isinstance(document, Manifest):
        raise OutsideError(f"{name} is an image index, expected the manifest of one platform")
    return document


def read_config(data: bytes, name: str) -> Config:
    """The part of a config that says where and how the image runs."""
    root = parse(data, name)
    told = root.optional("config")
    variables = told.optional("Env") if told else None
    platform = f"{root.field('os').text()}/{root.field('architecture').text()}"
    return Config(platform=platform, variables=variables.texts() if variables else ())


def manifest_for(entries: Iterable[IndexEntry], platform: Platform) -> Descriptor | None:
    """The manifest of a platform: the one without a variant, else of the lowest, which runs on most machines."""
    fitting = [
        entry
        for entry in entries
        if (entry.os, entry.architecture) == (platform.os, platform.architecture)
        and entry.descriptor.media_type in MANIFEST_TYPES
    ]
    return min(fitting, key=lambda entry: entry.variant or "").descriptor if fitting else None


def platforms(entries: Iterable[IndexEntry]) -> tuple[str, ...]:
    """The platforms an index names ("linux/arm64/v8"), sorted; attestations call theirs unknown and are none."""
    named = [entry for entry in entries if entry.os and entry.os != "unknown"]
    return tuple(sorted({"/".join(filter(None, (e.os, e.architecture, e.variant))) for e in named}))


def no_platform(name: str, platform: Platform, there: Iterable[str]) -> OutsideError:
    """The one way to say that an image is not there for a platform."""
    wanted = f"{platform.os}/{platform.architecture}"
    return OutsideError(
        f"{name} has no image for {wanted}, only for {', '.join(there) or 'platforms it does not name'}",
        hint=f"choose an image that has {wanted}",
    )
