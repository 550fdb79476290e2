"""From a base and layers to an image: config and manifest as canonical JSON, nothing in them from clock or machine."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from envlock.errors import OutsideError, UserInputError
from envlock.model.digest import canonical_json
from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, OCI_TYPE_OF, Descriptor, Image
from envlock.model.reference import Reference
from envlock.oci.document import Node, parse
from envlock.oci.layer import Layer
from envlock.oci.layout import Layout

EPOCH = "1970-01-01T00:00:00Z"
LAYER_ANNOTATION = "dev.envlock.layer"  # of a layer's descriptor: its key, by which others know it
MOST_LAYERS = 127  # Docker's overlay driver mounts no more
LAYER_TYPES = (
    LAYER_TYPE,
    "application/vnd.oci.image.layer.v1.tar",
    "application/vnd.oci.image.layer.v1.tar+zstd",
)
_READ: Mapping[str, Callable[[Node], object]] = {
    "User": Node.text,
    "WorkingDir": Node.text,
    "Entrypoint": Node.texts,
    "Cmd": Node.texts,
    "Labels": Node.text_by_name,
}
_PLATFORM_FIELDS = ("architecture", "os", "os.features", "os.version", "variant")


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseImage:
    """What an image starts from: its layers by OCI media types, and its config as it was read and checked."""

    layers: tuple[Descriptor, ...]
    diff_ids: tuple[str, ...]
    environment: Mapping[str, str]
    platform: Mapping[str, Any]  # the fields of the config that state it
    config: Mapping[str, Any]  # of containers: Env, Cmd, User, …
    history: tuple[Mapping[str, Any], ...] = ()
    where: Reference | None = None  # the repository whose layers these are: they need not be in our layout


def scratch(architecture: str) -> BaseImage:
    """The base that has nothing in it."""
    platform = {"architecture": architecture, "os": "linux"}
    return BaseImage(layers=(), diff_ids=(), environment={}, platform=platform, config={})


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedLayer:
    """A layer of ours; `title` says in the image's history what it is, `key` in its manifest what decides its bytes."""

    layer: Layer
    title: str
    key: str = ""

    def json(self) -> dict[str, Any]:
        annotations = {"annotations": {LAYER_ANNOTATION: self.key}} if self.key else {}
        return {**self.layer.descriptor.json(), **annotations}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigChanges:
    """What the image is told beyond its base. None keeps the base's; an empty tuple clears it.

    Setting the entrypoint clears the base's command, as in a Dockerfile.
    """

    environment: Sequence[tuple[str, str]] = ()
    user: str | None = None
    workdir: str | None = None
    entrypoint: tuple[str, ...] | None = None
    cmd: tuple[str, ...] | None = None
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembled:
    """Config and manifest of a new image, as they are stored."""

    config: bytes
    manifest: bytes


def read_base(manifest: bytes, config: bytes) -> BaseImage:
    """Reads a base, in Docker's media types or OCI's; OutsideError that says what in which of the two is wrong."""
    layers = tuple(_base_layer(node) for node in parse(manifest, "base manifest").field("layers").items())
    root = parse(config, "base config")
    diff_ids = tuple(node.digest() for node in root.field("rootfs").field("diff_ids").items())
    if len(layers) != len(diff_ids):
        raise OutsideError(f"the base is broken: {len(layers)} layers in its manifest, {len(diff_ids)} in its config")
    for name in ("architecture", "os"):
        root.field(name).text()
    told = root.optional("config") or Node({}, root.document, "config")
    history = root.optional("history")
    return BaseImage(
        layers=layers,
        diff_ids=diff_ids,
        environment=_environment(told),
        platform={name: root.mapping()[name] for name in _PLATFORM_FIELDS if name in root.mapping()},
        config=_told(told),
        history=tuple(entry.mapping() for entry in history.items()) if history else (),
    )


def assemble(
    base: BaseImage, layers: Sequence[NamedLayer], changes: ConfigChanges, annotations: Mapping[str, str]
) -> Assembled:
    """The image of `base` with `layers` on top; base layers and base history stay as they are."""
    count = len(base.layers) + len(layers)
    if count > MOST_LAYERS:
        raise UserInputError(
            f"the image would have {count} layers, {len(base.layers)} of them its base's; engines take {MOST_LAYERS}",
            hint="choose a base with fewer layers",
        )
    config = canonical_json(_config(base, layers, changes))
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST_TYPE,
        "config": Descriptor(media_type=CONFIG_TYPE, digest=digest_of(config), size=len(config)).json(),
        "layers": [*(layer.json() for layer in base.layers), *(named.json() for named in layers)],
        "annotations": dict(annotations),
    }
    return Assembled(config=config, manifest=canonical_json(_without_empty(manifest, "annotations")))


def store(layout: Layout, assembled: Assembled) -> Image:
    """Puts config and manifest into the layout that has the layers."""
    layout.put(assembled.config, CONFIG_TYPE)
    return Image(layout=layout.root, manifest=layout.put(assembled.manifest, MANIFEST_TYPE))


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _base_layer(node: Node) -> Descriptor:
    descriptor = node.descriptor()
    media_type = OCI_TYPE_OF.get(descriptor.media_type, descriptor.media_type)
    urls = node.optional("urls")
    if media_type not in LAYER_TYPES or (urls and urls.items()):
        raise OutsideError(
            f"{node.document}: `{node.path}` is a layer of type `{media_type}` that cannot be copied",
            hint="choose a base without foreign layers",
        )
    return replace(descriptor, media_type=media_type)


def _environment(told: Node) -> dict[str, str]:
    entries = told.optional("Env")
    pairs = (entry.partition("=") for entry in entries.texts()) if entries else ()
    return {name: value for name, _, value in pairs}


def _told(told: Node) -> dict[str, Any]:
    """What the base tells containers, as far as it is passed on, with the fields checked that are changed here."""
    for name, check in _READ.items():
        if node := told.optional(name):
            check(node)
    # Docker, too, does not hand on the triggers of a base: they are for its children, and have not run here
    return {name: value for name, value in told.mapping().items() if name != "OnBuild"}


def _config(base: BaseImage, layers: Sequence[NamedLayer], changes: ConfigChanges) -> dict[str, Any]:
    history = [{"created": EPOCH, "created_by": f"envlock: {named.title}"} for named in layers]
    return {
        **base.platform,
        "created": EPOCH,
        "config": _changed(base, changes),
        "rootfs": {"type": "layers", "diff_ids": [*base.diff_ids, *(named.layer.diff_id for named in layers)]},
        "history": [*base.history, *history],
    }


def _changed(base: BaseImage, changes: ConfigChanges) -> dict[str, Any]:
    environment = {**base.environment, **dict(sorted(changes.environment))}
    changed = {
        "Env": [f"{name}={value}" for name, value in environment.items()],
        "User": changes.user,
        "WorkingDir": changes.workdir,
        "Entrypoint": changes.entrypoint,
        # an entrypoint of one's own makes arguments of the base's command, which was not written for it
        "Cmd": () if changes.cmd is None and changes.entrypoint is not None else changes.cmd,
        "Labels": {**(base.config.get("Labels") or {}), **changes.labels},
    }
    said = {name: value for name, value in changed.items() if value is not None}
    return _without_empty({**base.config, **said}, *changed)


def _without_empty(fields: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value or name not in names}
