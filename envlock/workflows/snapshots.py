"""An environment as it was at a commit, or as it is staged, as a folder in the cache: nothing is checked out.

What is laid out is what the environment is made of and no more, below one folder that is the top of a repository; so
all that reads an environment of the work tree reads it, too. The same files are laid out once, whatever commits they
are of, and never changed.
"""

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from envlock.history.repository import Entry
from envlock.history.snapshot import lay_out
from envlock.history.tree import StagedTree, Tree
from envlock.system.cache import Cache
from envlock.system.cache_use import used
from envlock.system.files import replace_folder
from envlock.system.parts import scratch_folder
from envlock.system.text_file import show_as
from envlock.workflows.moment import Moment, top_name
from envlock.workflows.needed import Needed, needed
from envlock.workflows.project import Project

_FORM = b"envlock-snapshot 1\n"
_LFS = "lfs"


def at_commit(moment: Moment, folder: str, name: str, cache: Cache) -> Project:
    """The environment `name` in a folder (from the top of the repository, or empty) at a commit."""
    repository = moment.repository
    home = repository.root or repository.folder
    place = _snapshot(moment.tree, folder, top_name(repository), cache)
    with suppress(OSError):
        _lend_lfs(repository.folder / _LFS, place / ".git" / _LFS)
    project = Project(place / folder, at=moment.at, home=home)
    show_as(place, project.folder, project.titled(name))
    return project


def staged(tree: StagedTree, root: Path, folder: str, cache: Cache) -> Project:
    """The environment in a folder of a work tree as it is to be committed."""
    place = _snapshot(tree, folder, root.name, cache)
    show_as(place, place / folder, "staged")
    return Project(place / folder, home=root)


def _snapshot(tree: Tree, folder: str, top: str, cache: Cache) -> Path:
    """The top folder of what an environment needs, laid out if it is not there yet."""
    found = needed(tree, folder)
    place = cache.versions / _key(found.entries, top) / (top or "repository")
    if not _is_there(place, found):
        with cache.lock(f"version-{place.parent.name[:32]}"):
            if not _is_there(place, found):
                _make(tree, found, place, cache)
    used(place.parent)
    return place.resolve()


def _make(tree: Tree, found: Needed, place: Path, cache: Cache) -> None:
    with scratch_folder(cache.versions) as scratch:
        new = scratch / "new"
        (new / place.name).mkdir(parents=True)
        lay_out(tree, found.entries, new / place.name)
        replace_folder(new, place.parent)


def _key(entries: Mapping[str, Entry], top: str) -> str:
    lines = (f"{entry.mode:o} {entry.id} {path}\0" for path, entry in sorted(entries.items()))
    told = _FORM + f"{top}\0{''.join(lines)}".encode(errors="surrogateescape")
    return hashlib.sha256(told).hexdigest()


def _is_there(place: Path, found: Needed) -> bool:
    """With what says what it is made of as it should be: somebody may have edited it."""
    if not (place / ".git" / "index").is_file():
        return False
    try:
        return all((place / path).read_bytes() == data for path, data in found.texts.items())
    except OSError:
        return False


def _lend_lfs(theirs: Path, ours: Path) -> None:
    """Has what git-LFS keeps of big files found from the snapshot, too."""
    if not theirs.is_dir() or (ours.is_symlink() and ours.readlink() == theirs):
        return
    new = ours.with_name(f"{ours.name}-{os.getpid()}")
    new.symlink_to(theirs)
    new.replace(ours)
