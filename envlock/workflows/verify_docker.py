"""An image that the docker engine made: nobody can derive it, so only what the lock says outright is compared."""

from collections.abc import Callable, Iterator, Sequence

from envlock.errors import OutsideError
from envlock.model.digest import lock_hash
from envlock.model.image import Descriptor
from envlock.model.image_verdict import PlatformVerdict, WrongLayer
from envlock.model.lock import Lock, PlatformLock
from envlock.oci.differences import differences
from envlock.oci.document import Node, parse
from envlock.oci.image import BaseImage
from envlock.oci.image_check import Documents, LayerFound
from envlock.workflows.base_images import base_image
from envlock.workflows.make_image import HASH_ANNOTATION
from envlock.workflows.verify_target import REPRODUCIBLE_ANNOTATION, Asked, annotations_of


def judge_docker(
    asked: Asked, locked: PlatformLock, manifest: Descriptor, found: Documents, read: Callable[[Descriptor], LayerFound]
) -> PlatformVerdict:
    """Hashes, what the layers say of themselves, the base, the annotations and the settings."""
    lock, layers = asked.target.lock, [read(layer) for layer in found.layers]
    base = base_image(locked, asked.target.project, asked.context) if locked.base.digest else None
    below = len(base.diff_ids) if base else 0
    stated = {HASH_ANNOTATION: lock_hash(lock, locked), REPRODUCIBLE_ANNOTATION: "false"}
    annotations = {k: v for k, v in annotations_of(found.manifest).items() if k in stated}
    wrong = tuple(_of_layers(layers, found, base))
    try:
        settings = tuple(_of_settings(found, lock))
    except OutsideError as error:
        settings = (error.message,)
    return PlatformVerdict(
        platform=locked.platform,
        digest=manifest.digest,
        right=below - sum(layer.title.startswith("base") for layer in wrong),
        layers=len(layers),
        problems=(
            *(f"manifest: {line}" for line in differences(annotations, stated, "annotations")),
            *(f"config: {line}" for line in settings),
        ),
        wrong=wrong,
        unverifiable=f"{len(layers) - below} of {len(layers)} layers were made by the docker engine from"
        f" {len(locked.packages)} packages, and nobody can tell whether they are what it made",
    )


def _of_layers(layers: Sequence[LayerFound], found: Documents, base: BaseImage | None) -> Iterator[WrongLayer]:
    below, stated = base.diff_ids if base else (), found.diff_ids
    for number, layer in enumerate(layers):
        title = f"base layer {number + 1}" if number < len(below) else f"layer {number + 1}"
        if layer.wrong:
            yield WrongLayer(title=title, what=layer.wrong)
        elif number < len(below) and layer.diff_id != below[number]:
            yield WrongLayer(title=title, what="it is not the locked base's")
        elif number >= len(stated) or layer.diff_id != stated[number]:
            yield WrongLayer(title=title, what="its diff id is not the one that the config states")
    for number in range(len(layers), len(below)):
        yield WrongLayer(title=f"base layer {number + 1}", what="this layer is missing")


def _of_settings(found: Documents, lock: Lock) -> Iterator[str]:
    """What env.lock says of the config; what it leaves open may come from the base."""
    image = lock.image
    told = parse(found.config, "the config").optional("config")
    config = told or Node({}, "the config")
    wanted = {
        "User": image.user,
        "WorkingDir": image.workdir,
        "Entrypoint": None if image.entrypoint is None else [*image.entrypoint] or None,
        "Cmd": None if image.cmd is None else [*image.cmd] or None,
    }
    for name, value in wanted.items():
        if value is not None:
            yield from differences(config.mapping().get(name), value, f"config.{name}")
    labels = found_labels.text_by_name() if (found_labels := config.optional("Labels")) else {}
    for name, label in image.labels:
        yield from differences(labels.get(name), label, f"config.Labels.{name}")
    texts = environment.texts() if (environment := config.optional("Env")) else ()
    variables = {each.partition("=")[0]: each.partition("=")[2] for each in texts}
    for name, variable in image.variables:
        yield from differences(variables.get(name), variable, f"config.Env.{name}")
