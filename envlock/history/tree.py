"""A tree of files in git, as a commit or the index has it: what stands where, and the bytes."""

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from envlock.errors import OutsideError, UserInputError
from envlock.history.git_program import Git
from envlock.history.index import staged, to_be_added
from envlock.history.objects import Objects
from envlock.history.repository import Entry, Repository

LINK, SUBMODULE, FOLDER, EXECUTABLE = 0o120000, 0o160000, 0o040000, 0o100755
_MOST_LINKS = 40  # on the way to one file, as the system has it
# the ids of a file without bytes
_EMPTY = (
    "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
    "473a0f4c3be8a93681a267e3b1e9a7dcda1185436fe141f7749120a303721813",
)


class Tree(Protocol):
    """What `CommitTree` and `StagedTree` are."""

    def entry(self, path: str) -> Entry | None:
        """What stands at a path; a folder is one of mode `FOLDER`, as the whole is, by the empty path."""
        ...

    def entries(self, folder: str) -> Iterator[Entry]:
        """All files, links and submodules below a folder, sorted."""
        ...

    def files(self, name: str) -> tuple[str, ...]:
        """The paths of all regular files of that name, sorted."""
        ...

    def blob(self, id: str) -> bytes:
        """The bytes of a file by its id, as a whole."""
        ...

    def objects(self) -> AbstractContextManager[Objects]:
        """What is read in pieces, or if it is not too much."""
        ...

    def bring(self, ids: Iterable[str]) -> None:
        """Has these ready: they are going to be asked for. One by one they would come from far away."""
        ...


class CommitTree:
    """The tree of a commit; `bring` fetches what a partial clone lacks."""

    def __init__(
        self, repository: Repository, commit: str, bring: Callable[[Iterable[str]], None] = lambda _: None
    ) -> None:
        self._repository, self._commit = repository, commit
        self.bring = bring

    def entry(self, path: str) -> Entry | None:
        return self._repository.entry(self._commit, path)

    def entries(self, folder: str) -> Iterator[Entry]:
        return self._repository.entries(self._commit, folder)

    def files(self, name: str) -> tuple[str, ...]:
        return self._repository.files(self._commit, name)

    def blob(self, id: str) -> bytes:
        return self._repository.blob(id)

    def objects(self) -> AbstractContextManager[Objects]:
        return Objects(Git(self._repository.folder))


class StagedTree:
    """What is to be committed: git's index, without what is in conflict and what is only announced by `git add -N`; to
    be left as a context."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._all = staged(root)
        self._objects = Objects(Git(root))
        self._announced: frozenset[str] | None = None

    def entry(self, path: str) -> Entry | None:
        found = self._all.get(path)
        if found:
            return found if self._counts(found) else None
        start = f"{path}/" if path else ""
        within = any(name.startswith(start) for name in self._all)
        return Entry(path=path, mode=FOLDER, id="") if within or not path else None

    def entries(self, folder: str) -> Iterator[Entry]:
        start = f"{folder}/" if folder else ""
        return (entry for path, entry in self._all.items() if path.startswith(start) and self._counts(entry))

    def files(self, name: str) -> tuple[str, ...]:
        ends = tuple(
            p for p, e in self._all.items() if posixpath.basename(p) == name and e.mode not in (LINK, SUBMODULE)
        )
        return tuple(path for path in ends if self._counts(self._all[path]))

    def blob(self, id: str) -> bytes:
        found = self._objects.get(id)
        if found is None:
            raise OutsideError(f"`{id}`, which is staged, is missing in the repository `{self._root}`")
        return found.content

    def objects(self) -> AbstractContextManager[Objects]:
        return nullcontext(self._objects)

    def bring(self, ids: Iterable[str]) -> None:
        """All that is staged is here."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._objects.__exit__(kind, error, at)

    def _counts(self, entry: Entry) -> bool:
        """Has it been added, or is it only to be?"""
        if entry.id not in _EMPTY:
            return True
        if self._announced is None:
            self._announced = to_be_added(self._root)
        return entry.path not in self._announced


def placed(tree: Tree, path: str) -> tuple[Entry | None, tuple[Entry, ...]]:
    """What a path leads to, links followed within the tree, and the links on the way; None where there is nothing.

    UserInputError where a link leads out of the tree.
    """
    links: list[Entry] = []
    while True:
        at, link = _first_link(tree, path)
        if link is None:
            return at, tuple(links)
        if len(links) == _MOST_LINKS:
            raise UserInputError(f"`{path}` is a link that leads to no end")
        links.append(link)
        target = os.fsdecode(tree.blob(link.id))
        rest = path[len(link.path) :]
        path = posixpath.normpath(posixpath.join(posixpath.dirname(link.path), target + rest))
        if path.startswith("/") or path.partition("/")[0] == "..":
            raise UserInputError(f"`{link.path}` is a link to `{target}`, which is outside of the repository")
        path = "" if path == "." else path


def _first_link(tree: Tree, path: str) -> tuple[Entry | None, Entry | None]:
    """What stands at a path, and the first link on the way to it, or itself."""
    found = tree.entry(path)
    if found is not None:
        return (None, found) if found.mode == LINK else (found, None)
    for end in (number for number, character in enumerate(path) if character == "/"):
        above = tree.entry(path[:end])
        if above is not None and above.mode == LINK:
            return None, above
    return None, None
