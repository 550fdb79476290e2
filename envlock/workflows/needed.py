"""What of a tree an environment is made of: env.toml, env.lock, and all that these and other files of it name."""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from envlock.history.repository import Entry
from envlock.history.tree import FOLDER, SUBMODULE, Tree, placed
from envlock.manifest.named_paths import PROJECT_FILE, named_paths, names_dockerfiles
from envlock.workflows.project import LOCKFILE, MANIFEST

# longer ones are no texts that name others; nor are these, whatever stands in them
_MOST = 1 << 20
_MOST_OF_LOCK = 64 << 20
_NO_LISTS = (".whl", ".zip", ".gz", ".bz2", ".xz", ".tar", ".conda", ".py", ".sh", ".ipynb", ".md", ".json")


@dataclass(frozen=True, slots=True)
class Needed:
    """Files and links by path, the bytes of those that were read, and all paths that were named, be there nothing."""

    entries: dict[str, Entry] = field(default_factory=dict)
    texts: dict[str, bytes] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)


def needed(tree: Tree, folder: str, *, lock: bool = True) -> Needed:
    """All that an environment in `folder` (from the top, or empty) needs; without `lock`, but for what only that names.

    UserInputError where a link leads out of the tree.
    """
    found = Needed()
    manifest, lockfile = (posixpath.join(folder, name) for name in (MANIFEST, LOCKFILE))
    ahead = {manifest, lockfile} if lock else {manifest}
    if not lock:
        _take(tree, lockfile, found)
    while ahead:
        found.names.update(ahead)
        taken = ((path, _take(tree, path, found)) for path in sorted(ahead))
        files = {path: entry for path, entry in taken if entry and not path.endswith(_NO_LISTS)}
        tree.bring(entry.id for entry in files.values())
        texts = _texts(tree, files)
        found.texts.update(texts)
        ahead = {name for path, data in texts.items() for name in _named(path, data)} - found.names
    return found


def _texts(tree: Tree, files: Mapping[str, Entry]) -> dict[str, bytes]:
    """The bytes of those that are not too large for texts."""
    with tree.objects() as objects:
        read = {path: objects.small(entry.id, _most(path)) for path, entry in files.items()}
    return {path: data for path, data in read.items() if data is not None}


def _most(path: str) -> int:
    return _MOST_OF_LOCK if posixpath.basename(path) == LOCKFILE else _MOST


def _take(tree: Tree, path: str, found: Needed) -> Entry | None:
    """Takes what a path leads to, and the links on the way; the file, where it is one."""
    entry, links = placed(tree, path)
    found.entries.update((link.path, link) for link in links)
    if entry is None or entry.mode == SUBMODULE:
        return None
    if entry.mode == FOLDER:
        found.entries.update((each.path, each) for each in tree.entries(entry.path) if each.mode != SUBMODULE)
        return None
    found.entries[entry.path] = entry
    return entry


def _named(path: str, data: bytes) -> Iterator[str]:
    """What a file names that may be in the tree, by paths from the top."""
    folder, name = posixpath.split(path)
    if b"\0" in data:
        return
    text = data.decode("utf-8-sig", errors="replace").replace("\r\n", "\n")
    paths = named_paths(text, name)
    yield from _within(folder, paths)
    # what a local project takes from elsewhere, its own file says
    yield from _within(folder, (posixpath.join(each, PROJECT_FILE) for each in paths))
    yield from _within(folder, (posixpath.dirname(each) for each in names_dockerfiles(text, name)))


def _within(folder: str, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        whole = posixpath.normpath(posixpath.join(folder, path))
        if whole.partition("/")[0] != "..":
            yield "" if whole == "." else whole
