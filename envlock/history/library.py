"""A repository by git's library."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pygit2
from pygit2.enums import FileMode, FileStatus, SortMode

from envlock.errors import OutsideError
from envlock.history.repository import Busy, Commit, Entry, Person, Tag

# what pygit2 raises for what is damaged, absent (as in partial clones) or not understood
_FAILURES = (pygit2.GitError, KeyError, OSError)
_OF_TYPE = 0o170000  # of a mode: what kind of thing it is


class Library:
    """Implements `Repository`."""

    def __init__(self, repository: pygit2.Repository) -> None:
        self._git = repository

    @classmethod
    def around(cls, folder: Path) -> "Library | None":
        with reading(str(folder)):
            found = pygit2.discover_repository(str(folder))
            return cls(pygit2.Repository(found)) if found else None

    @property
    def folder(self) -> Path:
        own = Path(self._git.path)
        common = own / "commondir"
        return (own / common.read_text().strip()).resolve() if common.is_file() else own

    @property
    def root(self) -> Path | None:
        return Path(self._git.workdir) if self._git.workdir else None

    @property
    def has_commits(self) -> bool:
        return not self._git.head_is_unborn

    @property
    def is_shallow(self) -> bool:
        return self._git.is_shallow

    def commit_of(self, revision: str) -> str | None:
        try:
            return str(self._git.revparse_single(revision).peel(pygit2.Commit).id)
        except (*_FAILURES, ValueError):  # pygit2.InvalidSpecError is a ValueError
            return None

    def reference(self, name: str) -> str | None:
        try:
            return str(self._git.lookup_reference(name).resolve().target)
        except (*_FAILURES, ValueError):
            return None

    def references(self, prefix: str) -> Mapping[str, str]:
        with reading(self._git.path):
            names = sorted(name for name in self._git.references if name.startswith(prefix))
            found = {name: self.reference(name) for name in names}
        return {name: id for name, id in found.items() if id}

    def commit(self, id: str) -> Commit:
        with reading(self._git.path):
            return _commit(self._git[id].peel(pygit2.Commit))

    def tag(self, id: str) -> Tag | None:
        with reading(self._git.path):
            found = self._git[id]
            if not isinstance(found, pygit2.Tag):
                return None
            target = str(found.peel(pygit2.Commit).id)
            tagger: pygit2.Signature | None = found.tagger  # old tags have none
            return Tag(id=id, target=target, tagger=_person(tagger) if tagger else None, message=found.message or "")

    def entry(self, commit: str, path: str) -> Entry | None:
        with reading(self._git.path):
            tree = self._tree(commit)
            if not path or path == ".":
                return Entry(path="", mode=FileMode.TREE, id=str(tree.id))
            try:
                found = tree[path]
            except KeyError:
                return None
            return Entry(path=path, mode=found.filemode, id=str(found.id))

    def entries(self, commit: str, folder: str = "") -> Iterator[Entry]:
        top = self.entry(commit, folder)
        if top is None or top.mode != FileMode.TREE:
            return
        with reading(self._git.path):
            index = pygit2.Index()
            index.read_tree(self._git[top.id].peel(pygit2.Tree))
            found = [Entry(path=str(PurePosixPath(folder, e.path)), mode=e.mode, id=str(e.id)) for e in index]
        yield from sorted(found, key=lambda entry: entry.path)

    def files(self, commit: str, name: str) -> tuple[str, ...]:
        found = self.entries(commit)
        return tuple(e.path for e in found if PurePosixPath(e.path).name == name and _is_file(e.mode))

    def read(self, commit: str, path: str) -> bytes | None:
        found = self.entry(commit, path)
        return self.blob(found.id) if found and _is_file(found.mode) else None

    def blob(self, id: str) -> bytes:
        with reading(self._git.path):
            return bytes(self._git[id].peel(pygit2.Blob).data)

    def log(self, *starts: str, without: Sequence[str] = ()) -> Iterator[Commit]:
        with reading(self._git.path):
            walker = self._git.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
            for id in starts:
                walker.push(pygit2.Oid(hex=id))
            for id in without:
                walker.hide(pygit2.Oid(hex=id))
            for commit in walker:
                yield _commit(commit)

    def is_ancestor(self, old: str, new: str) -> bool:
        with reading(self._git.path):
            return old == new or self._git.descendant_of(new, old)

    def merge_base(self, one: str, other: str) -> str | None:
        with reading(self._git.path):
            found = self._git.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=other))
        return str(found) if found else None

    def write(self, message: str, parents: Sequence[str], *, author: Person, committer: Person) -> str:
        with writing(self._git.path):
            empty = self._git.TreeBuilder().write()
            ids = [pygit2.Oid(hex=id) for id in parents]
            return str(self._git.create_commit(None, _signature(author), _signature(committer), message, empty, ids))

    def move(self, reference: str, *, old: str | None, new: str | None, why: str) -> bool:
        with writing(self._git.path), self._git.transaction() as transaction:
            transaction.lock_ref(reference)
            if self.reference(reference) != old:
                return False
            if new is not None:
                transaction.set_target(reference, new, message=why)
            elif old is not None:
                transaction.remove(reference)
            return True

    def setting(self, name: str) -> str | None:
        with reading(self._git.path):
            try:
                return self._git.config[name]
            except KeyError:
                return None

    def remotes(self) -> Mapping[str, str]:
        with reading(self._git.path):
            return {remote.name: remote.url for remote in self._git.remotes if remote.name and remote.url}

    def is_committed(self, file: Path) -> bool:
        root = self.root
        if root is None or not file.resolve().is_relative_to(root.resolve()):
            return False
        with reading(self._git.path):
            path = file.resolve().relative_to(root.resolve()).as_posix()
            return self._git.status_file(path) == FileStatus.CURRENT

    def _tree(self, commit: str) -> pygit2.Tree:
        return self._git[commit].peel(pygit2.Tree)


def _is_file(mode: int) -> bool:
    return mode & _OF_TYPE == FileMode.BLOB & _OF_TYPE


def _commit(found: pygit2.Commit) -> Commit:
    return Commit(
        id=str(found.id),
        tree=str(found.tree_id),
        parents=tuple(map(str, found.parent_ids)),
        author=_person(found.author),
        committer=_person(found.committer),
        message=found.message,
    )


def _person(signature: pygit2.Signature) -> Person:
    return Person(name=signature.name, email=signature.email, time=signature.time, offset=signature.offset)


def _signature(person: Person) -> pygit2.Signature:
    return pygit2.Signature(person.name, person.email, person.time, person.offset, "utf-8")


@contextmanager
def reading(place: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        raise OutsideError(f"the repository `{place}` cannot be read: {error}") from error


@contextmanager
def writing(place: str) -> Iterator[None]:
    try:
        yield
    except _FAILURES as error:
        if "lock" in str(error):
            raise Busy(f"the repository `{place}` cannot be written: {error}") from error
        raise OutsideError(f"the repository `{place}` cannot be written: {error}") from error
