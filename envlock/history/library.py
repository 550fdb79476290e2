"""A repository by git's library."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

import pygit2
from pygit2.enums import FileMode, FileStatus, SortMode

from envlock.history import git_program
from envlock.history.bounded import bounded
from envlock.history.faults import broken_reference, damaged, held, in_the_way, no_commit, no_file, no_reference_name
from envlock.history.moving import standing_in_the_way
from envlock.history.opened import FAILURES, Damaged, common_folder, opened_for_reading, reading, writing
from envlock.history.program import Program
from envlock.history.raw import decoded
from envlock.history.repository import Commit, Entry, Person, Tag
from envlock.system.process import without_git_variables

# what the library says where another process holds a reference: which of these depends on the moment
_HELD = ("failed to lock file", "File exists")
_OF_TYPE = 0o170000  # of a mode: what kind of thing it is
_REFERENCES = "refs/"
# revisions that the library understands just as git does: a name or an id, and steps from there
_PLAIN = re.compile(r"\w[\w./+-]*(?:[~^]\d*)*")


class Library:
    """Implements `Repository`."""

    def __init__(self, own: Path) -> None:
        """By git's folder for a work tree; pygit2's own errors."""
        self._own = own
        self._git = opened_for_reading(own)

    @property
    def folder(self) -> Path:
        return common_folder(self._own)

    @property
    def root(self) -> Path | None:
        return Path(self._git.workdir) if self._git.workdir else None

    @property
    def is_partial(self) -> bool:
        """Whether what this clone has not got is fetched by the git program when it is asked for."""
        return any(entry.name.startswith("remote.") and entry.name.endswith(".promisor") for entry in self._git.config)

    @property
    def has_commits(self) -> bool:
        return not self._git.head_is_unborn

    @property
    def is_shallow(self) -> bool:
        return self._git.is_shallow

    def commit_of(self, revision: str) -> str | None:
        if not _PLAIN.fullmatch(revision):
            return self._by_program.commit_of(revision)
        try:
            return str(self._git.revparse_single(revision).peel(pygit2.Commit).id)
        except (*FAILURES, Damaged):
            # the library does not tell what is damaged from what was never there
            return self._by_program.commit_of(revision)

    def reference(self, name: str) -> str | None:
        try:
            return str(self._git.lookup_reference(name).resolve().target)
        except (KeyError, ValueError):  # it is not there, or cannot be
            return None
        except pygit2.GitError as error:
            raise broken_reference(name, self.folder) from error

    def references(self, prefix: str) -> Mapping[str, str]:
        with reading(self.folder):
            names = sorted(name for name in self._git.references if name.startswith(prefix))
        found = {name: self.reference(name) for name in names}
        return {name: id for name, id in found.items() if id}

    def commit(self, id: str) -> Commit:
        found = self._behind(self._object(id))
        if not isinstance(found, pygit2.Commit):
            raise no_commit(id, self.folder)
        return _commit(found)

    def tag(self, id: str) -> Tag | None:
        found = self._object(id)
        target = self._behind(found)
        if not isinstance(found, pygit2.Tag) or not isinstance(target, pygit2.Commit):
            return None
        tagger: pygit2.Signature | None = found.tagger  # old tags have none
        person = _person(tagger) if tagger else None
        return Tag(id=id, target=str(target.id), tagger=person, message=decoded(found.raw_message))

    def entry(self, commit: str, path: str) -> Entry | None:
        entry = Entry(path="", mode=FileMode.TREE, id=self.commit(commit).tree)
        for part in PurePosixPath(path).parts:
            tree = self._object(entry.id) if entry.mode == FileMode.TREE else ()
            if not isinstance(tree, pygit2.Tree) or part not in tree:
                return None
            entry = Entry(
                path=f"{entry.path}/{part}".removeprefix("/"), mode=tree[part].filemode, id=str(tree[part].id)
            )
        return entry

    def entries(self, commit: str, folder: str = "") -> Iterator[Entry]:
        top = self.entry(commit, folder)
        if top is None or top.mode != FileMode.TREE:
            return
        with reading(self.folder):
            found = [entry for entry in bounded(self._below(top), self.folder) if entry.mode != FileMode.TREE]
        yield from sorted(found, key=lambda entry: entry.path)

    def _below(self, top: Entry) -> Iterator[Entry]:
        ahead = [top]
        while ahead:
            folder = ahead.pop()
            start = f"{folder.path}/" if folder.path else ""
            for item in self._object(folder.id).peel(pygit2.Tree):
                entry = Entry(path=f"{start}{item.name}", mode=item.filemode, id=str(item.id))
                if entry.mode == FileMode.TREE:
                    ahead.append(entry)
                yield entry

    def files(self, commit: str, name: str) -> tuple[str, ...]:
        found = self.entries(commit)
        return tuple(e.path for e in found if PurePosixPath(e.path).name == name and _is_file(e.mode))

    def read(self, commit: str, path: str) -> bytes | None:
        found = self.entry(commit, path)
        return self.blob(found.id) if found and _is_file(found.mode) else None

    def blob(self, id: str) -> bytes:
        found = self._object(id)
        if not isinstance(found, pygit2.Blob):
            raise no_file(id, self.folder)
        return found.data

    def log(self, *starts: str, without: Sequence[str] = ()) -> Iterator[Commit]:
        with reading(self.folder):
            walker = self._git.walk(None, SortMode.TOPOLOGICAL | SortMode.TIME)
            for id in starts:
                walker.push(pygit2.Oid(hex=id))
            for id in without:
                walker.hide(pygit2.Oid(hex=id))
            for commit in walker:
                yield _commit(commit)

    def is_ancestor(self, old: str, new: str) -> bool:
        with reading(self.folder):
            return old == new or self._git.descendant_of(new, old)

    def merge_base(self, one: str, other: str) -> str | None:
        with reading(self.folder):
            found = self._git.merge_base(pygit2.Oid(hex=one), pygit2.Oid(hex=other))
        return str(found) if found else None

    def write(self, message: str, parents: Sequence[str], *, author: Person, committer: Person) -> str:
        ids = [self._object(id).id for id in dict.fromkeys(parents)]
        with writing(self.folder):
            git = pygit2.Repository(str(self._own))  # the other is for reading alone
            empty = git.TreeBuilder().write()
            return str(git.create_commit(None, _signature(author), _signature(committer), message, empty, ids))

    def move(self, reference: str, *, old: str | None, new: str | None, why: str) -> bool:
        if not reference.startswith(_REFERENCES) or not pygit2.reference_is_valid_name(reference):
            raise no_reference_name(reference)
        if new is not None:
            self._object(new)
        with self._held(reference) as transaction:
            if self.reference(reference) != old:
                return False
            if old is None and (other := standing_in_the_way(self, reference)):
                raise in_the_way(reference, other)
            if new is not None:
                transaction.set_target(reference, new, message=why)
            elif old is not None:
                transaction.remove(reference)
            return True

    def setting(self, name: str) -> str | None:
        if any(variable.startswith("GIT_CONFIG") for variable in without_git_variables()):
            return self._by_program.setting(name)  # the library does not look at these variables
        with reading(self.folder):
            try:
                return self._git.config[name]
            except KeyError:
                return None

    def remotes(self) -> Mapping[str, str]:
        with reading(self.folder):
            found: dict[str, str] = {}
            for entry in self._git.config:
                if entry.name.startswith("remote.") and entry.name.endswith(".url") and entry.value:
                    found.setdefault(entry.name.removeprefix("remote.").removesuffix(".url"), entry.value)
            return found

    def is_committed(self, file: Path) -> bool:
        root, place = self.root and self.root.resolve(), file.resolve()
        if root is None or not place.is_relative_to(root):
            return False
        try:
            return self._git.status_file(place.relative_to(root).as_posix()) == FileStatus.CURRENT
        except KeyError:
            return False
        except (*FAILURES, Damaged):  # such as a split or sparse index
            return git_program.is_committed(place, root)

    @property
    def _by_program(self) -> Program:
        return Program(self.root or self._own, own=self._own, common=self.folder, root=self.root)

    def _object(self, id: str) -> pygit2.Object:
        try:
            return self._git[id]
        except (*FAILURES, Damaged) as error:
            raise damaged(id, self.folder) from error

    def _behind(self, found: pygit2.Object) -> object:
        """What a tag leads to."""
        while isinstance(found, pygit2.Tag):
            found = self._object(str(found.target))
        return found

    @contextmanager
    def _held(self, reference: str) -> Iterator[pygit2.ReferenceTransaction]:
        """A reference that nobody else moves meanwhile."""
        with writing(self.folder):
            try:
                with self._git.transaction() as transaction:
                    transaction.lock_ref(reference)
                    yield transaction
            except pygit2.GitError as error:
                if any(words in str(error) for words in _HELD):
                    raise held(reference, self.folder) from error
                other = standing_in_the_way(self, reference)
                raise in_the_way(reference, other) if other else error from error


def _is_file(mode: int) -> bool:
    return mode & _OF_TYPE == FileMode.BLOB & _OF_TYPE


def _commit(found: pygit2.Commit) -> Commit:
    return Commit(
        id=str(found.id),
        tree=str(found.tree_id),
        parents=tuple(map(str, found.parent_ids)),
        author=_person(found.author, found.message_encoding),
        committer=_person(found.committer, found.message_encoding),
        message=decoded(found.raw_message, found.message_encoding),
    )


def _person(found: pygit2.Signature, encoding: str | None = None) -> Person:
    name, email = decoded(found.raw_name, encoding), decoded(found.raw_email, encoding)
    return Person(name=name, email=email, time=found.time, offset=found.offset)


def _signature(person: Person) -> pygit2.Signature:
    return pygit2.Signature(person.name, person.email, person.time, person.offset, "utf-8")
