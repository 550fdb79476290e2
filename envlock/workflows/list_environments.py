"""list: the environments of a repository, what each is registered as, and whether what is locked now is that."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from envlock.history.git_place import GitPlace, git_around
from envlock.history.marks import Mark, Reference, label_references, labels_at, version_references, versions_at
from envlock.history.objects import Objects
from envlock.manifest.stated_name import stated_name, stated_workspace, why_unreadable
from envlock.model.version import NUMBER
from envlock.system.cache import Cache
from envlock.workflows.lock_facts import LockSteps
from envlock.workflows.past_folders import PastFolders
from envlock.workflows.project import LOCKFILE, all_projects

_HASH = "Environment-Hash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An environment: `folder` is relative to the top of the repository ("" is the top), `problem` why env.toml cannot
    be read, `locked` whether there is a lock, `registered` the newest version, and `is_registered` whether what is
    locked now is that one."""

    name: str
    folder: str
    problem: str | None
    locked: bool
    registered: Mark | None = None
    is_registered: bool = False
    labels: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Files:
    """An environment as its files have it; `lock` is None where there is none."""

    folder: str
    manifest: bytes | OSError
    lock: bytes | None
    top: str

    @property
    def name(self) -> str:
        """As it is stated, where that can be read."""
        folder = self.folder.rpartition("/")[2] or self.top
        try:
            return stated_name((_bytes(self.manifest) or b"").decode("utf-8-sig"), folder)
        except UnicodeDecodeError:
            return folder


def environments(start: Path, cache: Cache) -> tuple[Listed, ...]:
    """All of the repository around a folder, sorted by folder: of the work tree, in a bare repository of HEAD; outside
    of git the one of the folder."""
    start = start.resolve()
    place = git_around(start)
    if place is None:
        return tuple(_listed(each) for each in _in_work_tree(start, start))
    with Objects(place.git) as objects:
        root = place.root
        found = [*_in_work_tree(start, root)] if root else [*_at_head(place, objects)]
        marked = _Marked(place, objects, cache)
        return tuple(marked.told(each) for each in found)


def _in_work_tree(start: Path, root: Path) -> Iterator[_Files]:
    for project in all_projects(start):
        folder = project.folder.relative_to(root).as_posix()
        yield _Files(
            folder="" if folder == "." else folder,
            manifest=_read(project.manifest),
            lock=_bytes(_read(project.lockfile)),
            top=root.name,
        )


def _at_head(place: GitPlace, objects: Objects) -> Iterator[_Files]:
    head = place.commit_of("HEAD")
    folders = PastFolders(place.git, objects, None).manifests(head) if head else ()
    contents = {folder: _content(objects, manifest) for folder, manifest in folders}
    workspace = stated_workspace(contents.get("", b"").decode("utf-8-sig", errors="replace"))
    for folder, manifest in contents.items():
        alone = not folder and workspace.alone
        if not alone and not workspace.excludes(Path(folder)):
            lock = objects.get(f"{head}:{folder}/{LOCKFILE}" if folder else f"{head}:{LOCKFILE}")
            yield _Files(folder=folder, manifest=manifest, lock=lock.content if lock else None, top="")


def _content(objects: Objects, id: str) -> bytes:
    found = objects.get(id)
    return found.content if found else b""


def _read(path: Path) -> bytes | OSError:
    try:
        return path.read_bytes()
    except OSError as error:
        return error


def _bytes(found: bytes | OSError) -> bytes | None:
    return None if isinstance(found, OSError) else found


def _listed(files: _Files) -> Listed:
    return Listed(name=files.name, folder=files.folder, problem=_problem(files), locked=files.lock is not None)


def _problem(files: _Files) -> str | None:
    """Why a manifest cannot be read at all: whether what it says is right, is `check`'s to say."""
    if isinstance(files.manifest, OSError):
        return files.manifest.strerror or "it cannot be read"
    return why_unreadable(files.manifest)


class _Marked:
    """The versions and labels of all environments: references are listed once, and of each environment the newest
    version alone is read."""

    def __init__(self, place: GitPlace, objects: Objects, cache: Cache) -> None:
        self._objects = objects
        self._versions = _by_name(version_references(place.git))
        self._labels = _by_name(label_references(place.git))
        self._lock = b""
        self._steps = LockSteps(lambda _id: self._lock, cache)

    def told(self, files: _Files) -> Listed:
        listed = _listed(files)
        newest_first = sorted(self._versions.get(listed.name, ()), key=_rank, reverse=True)
        registered = next(versions_at(newest_first, self._objects), None)
        return Listed(
            name=listed.name,
            folder=listed.folder,
            problem=listed.problem,
            locked=listed.locked,
            registered=registered,
            is_registered=registered is not None and self._is(files, registered),
            labels=tuple(labels_at(self._labels.get(listed.name, ()), self._objects)),
        )

    def _is(self, files: _Files, registered: Mark) -> bool:
        """The same bytes, or what comes to the same environment."""
        if files.lock is None:
            return False
        path = f"{files.folder}/{LOCKFILE}" if files.folder else LOCKFILE
        then = self._objects.get(f"{registered.commit}:{path}")
        if then and then.content == files.lock:
            return True
        hash = registered.trailer(_HASH)
        self._lock = files.lock
        facts = self._steps.facts(hashlib.sha256(files.lock).hexdigest()) if hash else None
        return facts is not None and facts.environment == hash


def _by_name(references: Iterator[Reference]) -> dict[str, list[Reference]]:
    return {name: list(found) for name, found in groupby(references, key=lambda reference: reference.name)}


def _rank(reference: Reference) -> tuple[int, str]:
    """The highest number; of names, where there is no number, the last."""
    return (int(reference.of) if NUMBER.fullmatch(reference.of) else -1, reference.of)
