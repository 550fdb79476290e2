"""Which environment an image is held against: the named one, or the one whose hash the image states."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.lockfile.reader import read_lock
from envlock.model.digest import image_key, lock_hash
from envlock.model.image import Image
from envlock.model.image_verdict import PlatformVerdict
from envlock.model.lock import Lock
from envlock.model.platform import PLATFORMS
from envlock.model.reference import Reference, parse_reference
from envlock.oci.document import parse
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.image_places import ImagePlace
from envlock.workflows.project import Project, all_projects, environment_named, find_project

REPRODUCIBLE_ANNOTATION = "dev.envlock.reproducible"
DOCKER_TAG = "-docker"


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """An environment and its lock; `found` where the image's own word led to it."""

    project: Project
    lock: Lock
    found: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An image, and what it is held against."""

    place: ImagePlace
    target: Against
    context: Context
    use_cache: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """The verdict, and the image that was derived for it; None where none can be. `repacked`: all is right, but the
    layers were compressed by another."""

    verdict: PlatformVerdict
    expected: Image | None
    repacked: bool = False


def annotations_of(content: bytes) -> dict[str, str]:
    """The annotations of a manifest or index; none where they are not what annotations are."""
    try:
        found = parse(content, "the document").optional("annotations")
        return found.text_by_name() if found else {}
    except OutsideError:
        return {}


def against_named(env: str, start: Path, context: Context) -> Against:
    """The environment that the image should be of."""
    return _of(environment_named(env, start, context))


def against(stated: str | None, start: Path, repository: Reference | None = None) -> Against:
    """`stated` is the hash in the image's annotation. It only finds an environment, and is compared like the rest;
    where images of environments go to the image's own repository, of one of these."""
    everywhere = all_projects(start)
    projects = tuple(p for p in everywhere if repository and _goes_to(p, repository)) or everywhere
    if len(projects) == 1 < len(everywhere):
        return _of(projects[0])
    if len(projects) > 1 and (found := _by_hash(stated, projects)):
        return found
    try:
        return _of(find_project(None, start))
    except UserInputError as error:
        if len(projects) < 2:
            raise
        says = f"the image says that it is of the lock hash {stated}" if stated else "the image states no lock hash"
        raise UserInputError(
            f"{says}, which is that of no environment here", hint="name the one that it should be of: `--env NAME`"
        ) from error


def keys(lock: Lock) -> set[str]:
    """All that images of a lock may be known by."""
    return {image_key(lock), *(lock_hash(lock, p) for p in lock.platforms if PLATFORMS[p.platform].has_images)}


def _by_hash(stated: str | None, projects: Sequence[Project]) -> Against | None:
    for project in projects:
        try:
            lock = read_lock(project.lockfile)
        except (EnvlockError, OSError):
            continue
        if stated in keys(lock):
            return Against(project=project, lock=lock, found=True)
    return None


def _goes_to(project: Project, repository: Reference) -> bool:
    try:
        named = later.read_manifest(project).image.repository
        found = parse_reference(named) if named else None
    except (EnvlockError, ValueError):
        return False  # whoever builds that one is told
    return found is not None and (found.registry, found.repository) == (repository.registry, repository.repository)


def _of(project: Project) -> Against:
    return Against(project=project, lock=read_lock(project.lockfile))
