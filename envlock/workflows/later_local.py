"""What only environments with files of their own need, loaded by those: copied files and Dockerfiles, as `later`."""

from pathlib import Path
from typing import TYPE_CHECKING

from envlock.system.saved_folder import saved_root

if TYPE_CHECKING:
    from collections.abc import Iterable

    from envlock.images.recipe import PlannedLayer
    from envlock.model.lock import Lock, PlatformLock
    from envlock.model.problem import Problem
    from envlock.model.spec import EnvSpec
    from envlock.oci.image import BaseImage
    from envlock.system.cache import Cache
    from envlock.workflows.bytecode import Bytecode
    from envlock.workflows.context import Context
    from envlock.workflows.project import Project

# kinds of what a good verdict rests on
PLAIN, COPIED, CONTEXT = "", "copied", "dockerfile"


def locked_copies(folder: Path, spec: "EnvSpec") -> tuple[tuple[str, str], ...]:
    """What is recorded of the files that are to be copied."""
    if not spec.image.copy:
        return ()
    from envlock.workflows.copied import locked_copies

    return locked_copies(folder, spec)


def changed_copies(folder: Path, spec: "EnvSpec", lock: "Lock") -> "Iterable[Problem]":
    if not lock.copied:
        return ()
    from envlock.workflows.copied import changed_copies

    return changed_copies(folder, spec, lock)


def copied_layers(
    project: "Project", lock: "Lock", base: "BaseImage", bytecode: "Bytecode | None"
) -> "tuple[PlannedLayer, ...]":
    """The layer of copied files, where there are any."""
    if not lock.copied:
        return ()
    from envlock.workflows.copied_layer import copied_layer

    return (copied_layer(project, lock, base, bytecode),)


def changed_context(folder: Path, spec: "EnvSpec", lock: "Lock", cache: "Cache") -> "Iterable[Problem]":
    if not spec.image.dockerfile:
        return ()
    from envlock.workflows.local_context import changed_context

    return changed_context(folder, spec.image.dockerfile, lock, cache)


def context_sha256(folder: Path, dockerfile: str) -> str:
    from envlock.images.dockerfile import context_sha256

    return context_sha256(folder, dockerfile)


def context_files(folder: Path, dockerfile: str) -> tuple[Path, ...]:
    """A Dockerfile and what it may copy."""
    from envlock.images.dockerfile import read_context

    context = read_context(folder, dockerfile)
    return (context.dockerfile, *(file.place for file in context.files))


def local_hash(folder: Path, path: str, kind: str) -> str:
    """Of what a good verdict rests on: most rest on nothing."""
    if kind == COPIED:
        from envlock.workflows.copied import copied_sha256

        return copied_sha256(folder, path)
    if kind == CONTEXT:
        return context_sha256(folder, path)
    from envlock.system.local_files import content_sha256, tree_sha256

    return tree_sha256(folder / path) if (folder / path).is_dir() else content_sha256(folder / path)


def bring_saved_base(locked: "PlatformLock", project: "Project", context: "Context") -> None:
    """The base of a folder that `save` made, into the cache."""
    if saved_root(project.folder.resolve()) is None:
        return
    from envlock.workflows.saved_base import bring_saved_base

    bring_saved_base(locked, project, context)
