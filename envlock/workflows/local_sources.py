"""Local files and folders that packages are locked from: whether they are as they were."""

from collections.abc import Iterator
from pathlib import Path

from envlock.errors import UserInputError
from envlock.model.direct import source_texts
from envlock.model.lock import Lock, PipPackage
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec
from envlock.system.local_files import content_sha256, tree_sha256

_SHOWN = 12  # digits of a hash


def local_sources(lock: Lock) -> dict[str, list[PipPackage]]:
    """The packages that are locked from files and folders, by these paths: of those with the same bytes, one."""
    found: dict[str, dict[str, PipPackage]] = {}
    for package in (p for platform in lock.platforms for p in platform.pip):
        if package.path:
            found.setdefault(package.path, {}).setdefault(package.identity, package)
    return {path: [*packages.values()] for path, packages in found.items()}


def changed_sources(folder: Path, spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    """The local files and folders that are not what was locked, or not there."""
    texts = source_texts(need for platform in spec.platforms for need in spec.all_wants(platform).pip)
    for path, packages in sorted(local_sources(lock).items()):
        for package in packages:
            message = _changed(folder / path, path, package)
            if message:
                yield Problem(kind="source", subject=texts.get(package.name), message=message)


def _changed(file: Path, path: str, package: PipPackage) -> str | None:
    try:
        found = tree_sha256(file) if package.tree else content_sha256(file)
    except UserInputError as error:
        return f"`{package.name}` is locked from `{path}`: {error.message}"
    if found == package.identity:
        return None
    what = "folder" if package.tree else "file"
    locked = package.identity[:_SHOWN]
    return f"`{path}` is not the {what} that `{package.name}` is locked from: {found[:_SHOWN]}…, locked {locked}…"
