"""The one door to git's library."""

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path, PurePosixPath

import pygit2
from pygit2.enums import FileStatus

from envlock.errors import OutsideError
from envlock.history import git_program

# what pygit2 raises for what is damaged, absent (as in partial clones) or not understood
_FAILURES = (pygit2.GitError, KeyError, OSError)
_SUBMODULE = 0o160000  # the mode of its entry in an index


def folders_with(name: str, root: Path) -> list[Path]:
    """The folders of a work tree that hold a file `name`, tracked or at least not ignored; sorted.

    Submodules are other repositories and stay out.
    """
    try:
        repository = pygit2.Repository(str(root))
        tracked = {entry.path for entry in repository.index}
        status = repository.status(untracked_files="all")
    except pygit2.GitError as error:
        raise OutsideError(
            f"the repository `{root}` cannot be read: {error}", hint="give the path of the environment's folder"
        ) from error
    untracked = {path for path, flags in status.items() if flags & FileStatus.WT_NEW}
    files = (root / path for path in tracked | untracked if PurePosixPath(path).name == name)
    return sorted(file.parent for file in files if file.is_file())


def counted_files(top: Path, root: Path) -> dict[Path, bool | None]:
    """The files and links at or below a path of a work tree that are tracked, or at least not ignored; both paths
    without links. Each with git's word on whether it is executable: None where the bit on disk is to be believed.

    Submodules are other repositories and stay out.
    """
    with _reading(str(root)):
        try:
            found = _counted(top, root)
        except pygit2.GitError:
            found = git_program.counted_files(top, root)
    return {place: executable for place, executable in found.items() if _is_there(place)}


def _counted(top: Path, root: Path) -> dict[Path, bool | None]:
    repository = pygit2.Repository(str(root))
    believed = "core.filemode" not in repository.config or repository.config.get_bool("core.filemode")
    start = "" if top == root else top.relative_to(root).as_posix()
    found: dict[Path, bool | None] = {}
    for entry in repository.index:
        if entry.mode != _SUBMODULE and (not start or entry.path == start or entry.path.startswith(f"{start}/")):
            found[root / entry.path] = None if believed else entry.mode & 0o100 != 0
    for place in _untracked(top, root, repository):
        found.setdefault(place, None)
    return found


def _untracked(place: Path, root: Path, repository: pygit2.Repository) -> Iterator[Path]:
    """What stands in a work tree and is not ignored, tracked things too."""
    name = place.relative_to(root).as_posix()
    is_folder = place.is_dir() and not place.is_symlink()
    if place != root and repository.path_is_ignored(f"{name}/" if is_folder else name):
        return
    if not is_folder:
        yield place
    elif place == root or not (place / ".git").exists():
        for entry in place.iterdir():
            if entry.name != ".git":
                yield from _untracked(entry, root, repository)


def _is_there(place: Path) -> bool:
    return place.is_symlink() or place.is_file()


class Repository:
    """A repository whose objects are read; work tree, index and refs are never touched."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._git = repository

    @classmethod
    def around(cls, folder: Path) -> "Repository | None":
        """The repository around a folder, also a bare one or the folder `.git`; None outside git."""
        with _reading(str(folder)):
            found = pygit2.discover_repository(str(folder))
            return cls(pygit2.Repository(found)) if found else None

    @property
    def root(self) -> Path | None:
        """The top of the work tree; None where there is none."""
        return Path(self._git.workdir) if self._git.workdir else None

    def commit(self, revision: str) -> str | None:
        """The commit, in full, that a revision as git understands it names; None where there is none."""
        try:
            return str(self._git.revparse_single(revision).peel(pygit2.Commit).id)
        except (*_FAILURES, ValueError):  # pygit2.InvalidSpecError is a ValueError
            return None

    def reference(self, name: str) -> str | None:
        """The commit that a reference (`refs/tags/env/train/3`) leads to, through tags; None where there is none."""
        try:
            return str(self._git.references[name].peel(pygit2.Commit).id)
        except (*_FAILURES, ValueError):
            return None

    def references(self, prefix: str) -> tuple[str, ...]:
        """The names of all references that begin so."""
        with _reading(self._git.path):
            return tuple(sorted(name for name in self._git.references if name.startswith(prefix)))

    @property
    def has_commits(self) -> bool:
        """Whether HEAD leads to a commit."""
        return not self._git.head_is_unborn

    @property
    def is_shallow(self) -> bool:
        """Whether this clone has only the newest part of the history."""
        return self._git.is_shallow

    def remote_url(self, name: str) -> str | None:
        """Where a remote is, as it is written in git's settings; None where there is none of the name."""
        with _reading(self._git.path):
            found = [remote.url for remote in self._git.remotes if remote.name == name]
        return found[0] if found else None

    def is_committed(self, file: Path) -> bool:
        """Whether a file of the work tree is in HEAD as it stands there."""
        root = self.root
        if root is None or not file.resolve().is_relative_to(root.resolve()):
            return False
        with _reading(self._git.path):
            path = file.resolve().relative_to(root.resolve()).as_posix()
            return self._git.status_file(path) == FileStatus.CURRENT

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both of two come from."""
        with _reading(self._git.path):
            found = self._git.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=other))
        return str(found) if found else None

    def files(self, commit: str, name: str) -> tuple[str, ...]:
        """The paths of all files of that name in a commit, sorted; not in submodules."""
        index = pygit2.Index()
        with _reading(self._git.path):
            index.read_tree(self._tree(commit))
            return tuple(sorted(e.path for e in index if PurePosixPath(e.path).name == name and _is_file(e.mode)))

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit; None where it is not there or no file."""
        with _reading(self._git.path):
            try:
                entry = self._tree(commit)[path]
            except KeyError:
                return None
            found = self._git[entry.id]
            return found.data if isinstance(found, pygit2.Blob) else None

    def past(self, file: Path, *, versions: int, commits: int) -> Iterator[bytes]:
        """What stood in a file of the work tree at HEAD, and before each commit that changed it, the newest first: at
        most so many versions, found among so many commits."""
        root, seen = self.root, set[bytes]()
        if root is None or not self.has_commits or not file.resolve().is_relative_to(root.resolve()):
            return
        path = file.resolve().relative_to(root.resolve()).as_posix()
        with _reading(self._git.path):
            for commit in islice(self._git.walk(self._git.head.target), commits):
                content = self.read(str(commit.id), path)
                if content is not None and content not in seen:
                    seen.add(content)
                    yield content
                if len(seen) == versions:
                    return

    def _tree(self, commit: str) -> pygit2.Tree:
        return self._git[commit].peel(pygit2.Tree)


def _is_file(mode: int) -> bool:
    return mode & 0o170000 == 0o100000


@contextmanager
def _reading(place: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise OutsideError(f"the repository `{place}` cannot be read: {error}") from error
