"""load: a saved environment brought back into a repository, checked, its packages into the cache."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from envlock.errors import UserInputError
from envlock.lockfile.reader import read_lock
from envlock.manifest.copied import NotEditable, copied
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Lock, Package, PlatformLock
from envlock.model.problem import Problem
from envlock.model.words import listed
from envlock.sources.fetch import file_name
from envlock.sources.saved_places import saved_paths
from envlock.system.files import repository_root, write_whole
from envlock.system.saved_folder import saved_root
from envlock.system.text_file import display
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.check import check
from envlock.workflows.context import Context
from envlock.workflows.debian_packages import fetch_debian
from envlock.workflows.init import checked_name
from envlock.workflows.load_placing import Placing, placing
from envlock.workflows.packages import fetch_all
from envlock.workflows.project import Project, all_projects
from envlock.workflows.saved_base import bring_saved_base
from envlock.workflows.saved_check import look_at
from envlock.workflows.saved_definition import definition
from envlock.workflows.saved_listing import Listing, read_listing


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadOptions:
    """`to` and `name` in place of what is found out. Where files would be replaced or removed, `agreed` is asked, which
    raises where that is not to be."""

    to: Path | None = None
    name: str | None = None
    agreed: Callable[[Placing], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """What was placed where, what `check` finds, for which platforms packages are in the cache, what is to be said."""

    name: str
    project: Project
    placed: Placing
    problems: tuple[Problem, ...]
    platforms: tuple[str, ...]
    notes: tuple[str, ...]


def load(folder: Path, start: Path, context: Context, options: LoadOptions) -> Loaded:
    """Brings the environment that is saved in a folder to the repository around `start`.

    OutsideError where a package of it is not what the lock names; UserInputError where it cannot be where it is to be.
    """
    root = folder.resolve()
    listing = read_listing(root)
    saved = Project((root / listing.environment).resolve() if listing else root)
    if not saved.folder.is_relative_to(root):
        raise UserInputError(f"`{display(saved.folder)}` is outside of the saved folder", hint="load that folder")
    lock = read_lock(saved.lockfile) if saved.lockfile.exists() else None
    notes = _looked(root, listing, lock)
    spec = read_manifest(saved.manifest)
    name = spec.name if options.name is None else checked_name(options.name)
    target = _target(name, root, start, options)
    files = definition(saved)
    text = _renamed(saved, name) if name != spec.name else None
    placed = placing(files, saved, target, text)
    if placed.replaced or placed.removed:
        options.agreed(placed)
    platforms = _bring_packages(saved, lock, listing, context) if lock and listing else ()
    placed.carry_out()
    for path, data in lacking_attributes((target,), repository_root(target)).items():
        write_whole(path, data)
    project = Project(target)
    return Loaded(
        name=name,
        project=project,
        placed=placed,
        problems=check(project, context.cache) if lock else (),
        platforms=platforms,
        notes=(*notes, *(() if lock else ("there is no env.lock: `envlock lock` chooses versions",))),
    )


def _looked(root: Path, listing: Listing | None, lock: Lock | None) -> tuple[str, ...]:
    """What was edited since the folder was saved, in words."""
    if listing is None:
        return ()
    found = look_at(root, listing, lock)
    told = {"edited": found.edited, "removed": found.removed, "added": found.added}
    return tuple(f"{word} since it was saved: {listed(paths)}" for word, paths in told.items() if paths)


def _target(name: str, root: Path, start: Path, options: LoadOptions) -> Path:
    """Where it is to be: where it is told, where the repository has an environment of that name, else `NAME` here."""
    start = start.resolve()
    if options.to is not None:
        target = (start / options.to).resolve()
    else:
        folders = ((project.folder.resolve(), project.name) for project in all_projects(start))
        known = [folder for folder, its in folders if its == name and not _is_saved(folder, root)]
        if len(known) > 1:
            raise UserInputError(f"several environments are named `{name}`", hint="say which by `--to DIR`")
        target = known[0] if known else start / name
    if target.is_relative_to(root):
        raise UserInputError(
            f"`{display(target)}` is the saved folder itself", hint="say by `--to DIR` where it is to be"
        )
    if target.exists() and not target.is_dir():
        raise UserInputError(f"`{display(target)}` is not a folder", hint="say by `--to DIR` where it is to be")
    return target


def _is_saved(folder: Path, root: Path) -> bool:
    """Is it the folder that is loaded, or another that `save` wrote? That is to be as it was saved."""
    return folder.is_relative_to(root) or saved_root(folder) is not None


def _renamed(saved: Project, name: str) -> bytes:
    try:
        return copied(saved.manifest.read_text(encoding="utf-8-sig"), name, ".").encode()
    except NotEditable:
        raise UserInputError(
            f"`{display(saved.manifest)}` is too unusual to be given another name", hint="edit `name` there"
        ) from None


def _bring_packages(saved: Project, lock: Lock, listing: Listing, context: Context) -> tuple[str, ...]:
    """Puts what was saved of packages into the cache, each verified by its sha256; the platforms that are whole."""
    inside = replace(context, offline=True)
    return tuple(
        locked.platform
        for locked in lock.platforms
        if locked.platform in listing.platforms and _bring(locked, lock, saved, inside)
    )


def _bring(locked: PlatformLock, lock: Lock, saved: Project, context: Context) -> bool:
    """Is all there? A lock that was edited may name others: who needs these fetches them."""
    root = saved_root(saved.folder)
    sure = [p for p in locked.packages if saved_paths(p)]
    if any(not _has(p, root, context) for p in sure):
        return False
    fetch_all(locked, lock.inputs, saved, context)
    if locked.debian:
        fetch_debian(locked, saved, context)
    bring_saved_base(locked, saved, context)
    return True


def _has(package: Package, root: Path | None, context: Context) -> bool:
    if context.cache.package(package.sha256, file_name(package)):
        return True
    return root is not None and any((root / path).is_file() for path in saved_paths(package))
