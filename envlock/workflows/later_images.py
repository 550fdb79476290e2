"""What only some builds need, loaded by those: as `later`, for all that makes and moves images."""

from typing import TYPE_CHECKING, Any

from envlock.workflows.later import registry_client

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from envlock.images.docker_engine.running import Seen
    from envlock.interchange.exports.bill import Bill
    from envlock.model.image import Descriptor, Image
    from envlock.model.lock import Lock, PlatformLock
    from envlock.model.reference import Reference
    from envlock.oci.attachment import Attachment
    from envlock.registry.found import Found
    from envlock.registry.transfer import Pushed
    from envlock.system.cache import Cache
    from envlock.workflows.build_target import Target
    from envlock.workflows.context import Context
    from envlock.workflows.debian_image import DebianImage
    from envlock.workflows.make_image import Made
    from envlock.workflows.project import Project
    from envlock.workflows.trusted_layers import Trusted
    from envlock.workflows.verify_target import Asked, Judged

ENGINES = {
    "embedded": ("envlock.workflows.make_embedded", "make_embedded"),
    "docker": ("envlock.workflows.docker_build", "make_in_docker"),
}


def engine(name: str) -> "Callable[..., Made]":
    """The function that makes an image with the engine of a name."""
    from importlib import import_module

    module, function = ENGINES[name]
    made: Callable[..., Made] = getattr(import_module(module), function)
    return made


def debian_image(
    project: "Project", lock: "Lock", locked: "PlatformLock", context: "Context", folder: "Path"
) -> "DebianImage":
    """Reading Debian's packages takes libraries that other bases do without."""
    from envlock.workflows.debian_image import debian_image

    return debian_image(project, lock, locked, context, folder)


def write_out(image: "Image", names: "Sequence[str]", place: "Path") -> None:
    """As a tar where that is how the name ends, else as a folder."""
    from envlock.oci.archive import export_layout, write_archive

    if place.suffix == ".tar":
        write_archive(image, names, place)
    else:
        export_layout(image, place, names)


def load_into_engine(image: "Image", names: "Sequence[str]", context: "Context") -> None:
    from envlock.images.docker_engine.loading import load

    load(image, names, context.environment)


def look_into_engine(context: "Context", images: "Sequence[str]" = ()) -> "Seen":
    from envlock.images.docker_engine.running import look

    return look(context.environment, images)


def attachments(
    project: "Project", lock: "Lock", image: "Image", context: "Context", *, began: "datetime | None"
) -> "tuple[Attachment, ...]":
    from envlock.workflows.attachments import attachments

    return attachments(project, lock, image, context, began=began)


def in_registry(target: "Target", context: "Context") -> "Found | None":
    from envlock.workflows.found_image import in_registry

    return in_registry(target, context)


def push_image(target: "Target", image: "Image", context: "Context", *, attach: bool, began: "datetime") -> "Pushed":
    from envlock.workflows.push_image import push_image

    return push_image(target, image, context, attach=attach, began=began)


def gone(image: "Image", context: "Context") -> list[str]:
    from envlock.workflows.push_image import gone

    return gone(image, context)


def trusted(target: "Target", references: "Sequence[Reference]", context: "Context") -> "Trusted":
    from envlock.workflows.trusted_layers import Trusted

    return Trusted(target=target, client=registry_client(context), context=context, references=tuple(references))


def complete(image: "Image", context: "Context") -> "Image":
    """The image with all of its layers in the cache."""
    from envlock.registry.transfer import complete

    return complete(registry_client(context), image, context.moved)


def judge(asked: "Asked", locked: "PlatformLock", manifest: "Descriptor") -> "Judged":
    """Reading other people's layers takes libraries for all that they may be compressed with."""
    from envlock.workflows.verify_platform import judge

    return judge(asked, locked, manifest)


def run_in_docker(project: "Project", context: "Context", command: "Sequence[str]", **options: Any) -> int:
    from envlock.workflows.run_in_docker import RunOptions, run_in_docker

    return run_in_docker(project, context, command, RunOptions(**options))


def recorded_image(project: "Project", lock: "Lock", repository: str, cache: "Cache") -> str | None:
    """The image that was built here of a lock, with its digest; None where none was."""
    from envlock.errors import UserInputError
    from envlock.workflows.build_record import recorded_digest
    from envlock.workflows.build_target import target_of

    try:
        digest = recorded_digest(target_of(project, lock, repository), cache)
    except UserInputError:
        return None  # of its platforms no images are made
    return f"{repository}@{digest}" if digest else None


def bill_text(bill: "Bill", form: str) -> str:
    """A bill of materials in the format that is so called."""
    from importlib import import_module

    writers = {"cyclonedx": "envlock.interchange.exports.cyclonedx", "spdx": "envlock.interchange.exports.spdx"}
    return str(import_module(writers[form]).write(bill))
