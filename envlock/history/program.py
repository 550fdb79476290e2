"""A repository by the git program: for what its library does not open, and for partial clones."""

import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath

from envlock.history.bounded import bounded
from envlock.history.faults import broken_reference, no_commit, no_file, no_reference_name, of_somebody_else, unreadable
from envlock.history.git_program import Git, first_line, is_committed
from envlock.history.moving import Move, moved
from envlock.history.object_reader import ObjectReader
from envlock.history.raw import commit_of_bytes, entries_of_bytes, tag_of_bytes
from envlock.history.repository import Commit, Entry, Person, Tag
from envlock.system.process import without_git_variables

_TREE, _REGULAR = 0o040000, 0o100000
_PIECE = 1 << 16
_OF_TYPE = 0o170000
# what it says is read, and nobody is there to be asked for a password
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
# objects are on the disk before references to them are
_SETTINGS = ("core.fsync=committed", "i18n.commitEncoding=UTF-8")
_REFERENCES = "refs/"
# what it says of repositories and references
_UNSAFE, _NONE, _BROKEN = "dubious ownership", "not a git repository", "broken ref "
# of a revision that is none, where nothing is damaged
_NOT_THAT = ("ambiguous", "expected commit type")


class Program:
    """Implements `Repository`."""

    def __init__(self, folder: Path, *, own: Path, common: Path, root: Path | None) -> None:
        self.folder, self.root, self._own = common, root, own
        # by the folder that was asked of: in it git finds this repository
        self._git = Git(folder, environment=without_git_variables(**_ENVIRONMENT), settings=_SETTINGS)
        self._objects = ObjectReader(self._git, common)

    @classmethod
    def around(cls, folder: Path) -> "Program | None":
        git = Git(folder, environment=without_git_variables(**_ENVIRONMENT))
        asked = ("--absolute-git-dir", "--git-common-dir", "--is-bare-repository", "--is-inside-work-tree")
        code, said, error = git.tried("rev-parse", *asked)
        if _UNSAFE in error:
            raise of_somebody_else(folder)
        if code != 0 and _NONE in error:
            return None
        if code != 0:
            raise unreadable(folder, first_line(error))
        own, common, is_bare, is_inside = os.fsdecode(said).splitlines()
        root = None if is_bare == "true" else Path(own).parent
        if is_inside == "true":
            root = Path(os.fsdecode(git.said("rev-parse", "--show-toplevel").removesuffix(b"\n")))
        return cls(folder, own=Path(own), common=(folder / common).resolve(), root=root)

    @property
    def has_commits(self) -> bool:
        return self.commit_of("HEAD") is not None

    @property
    def is_shallow(self) -> bool:
        return bool(self._cut_off)

    def commit_of(self, revision: str) -> str | None:
        found = self._resolved(revision)
        return self._resolved(f"{found}^{{commit}}") if found else None

    def reference(self, name: str) -> str | None:
        return self._listed(name).get(name) if name.startswith(_REFERENCES) else self._resolved(name)

    def references(self, prefix: str) -> Mapping[str, str]:
        found = self._listed(prefix.rpartition("/")[0])
        return {name: id for name, id in found.items() if name.startswith(prefix)}

    def commit(self, id: str) -> Commit:
        found = self._commit(id)
        if found is None:
            raise no_commit(id, self.folder)
        return found

    def tag(self, id: str) -> Tag | None:
        kind, content = self._objects.read(id)
        target = self._commit(id) if kind == "tag" else None
        if target is None:
            return None
        _, tagger, message = tag_of_bytes(content)
        return Tag(id=id, target=target.id, tagger=tagger, message=message)

    def entry(self, commit: str, path: str) -> Entry | None:
        entry = Entry(path="", mode=_TREE, id=self.commit(commit).tree)
        for part in PurePosixPath(path).parts:
            inside = self._folder(entry.id) if entry.mode == _TREE else ()
            found = next((inner for inner in inside if inner.path == part), None)
            if found is None:
                return None
            entry = Entry(path=f"{entry.path}/{part}".removeprefix("/"), mode=found.mode, id=found.id)
        return entry

    def entries(self, commit: str, folder: str = "") -> Iterator[Entry]:
        top = self.entry(commit, folder)
        if top is not None and top.mode == _TREE:
            listed = (
                _entry(top.path, line) for line in self._parts("ls-tree", "-r", "-t", "-z", "--full-tree", top.id)
            )
            found = [entry for entry in bounded(listed, self.folder) if entry.mode != _TREE]
            yield from sorted(found, key=lambda entry: entry.path)

    def _parts(self, *words: str) -> Iterator[bytes]:
        """What it prints, between zero bytes, while it goes on."""
        rest = b""
        with self._git.started(*words) as program:
            while piece := program.stdout.read(_PIECE):
                *whole, rest = (rest + piece).split(b"\0")
                yield from whole
            code, error = program.finish()
        if code != 0:
            raise unreadable(self.folder, first_line(error))

    def files(self, commit: str, name: str) -> tuple[str, ...]:
        found = self.entries(commit)
        return tuple(e.path for e in found if PurePosixPath(e.path).name == name and _is_file(e.mode))

    def read(self, commit: str, path: str) -> bytes | None:
        found = self.entry(commit, path)
        return self.blob(found.id) if found and _is_file(found.mode) else None

    def blob(self, id: str) -> bytes:
        kind, content = self._objects.read(id)
        if kind != "blob":
            raise no_file(id, self.folder)
        return content

    def log(self, *starts: str, without: Sequence[str] = ()) -> Iterator[Commit]:
        if not starts:
            return
        words = (*starts, *(f"^{id}" for id in without))
        with self._git.started("rev-list", "--date-order", *words) as program:
            for line in program.stdout:
                yield self.commit(line.decode("ascii").strip())
            code, error = program.finish()
        if code != 0:
            raise unreadable(self.folder, first_line(error))

    def is_ancestor(self, old: str, new: str) -> bool:
        return self._asked("merge-base", "--is-ancestor", old, new) is not None

    def merge_base(self, one: str, other: str) -> str | None:
        return self._asked("merge-base", one, other)

    def write(self, message: str, parents: Sequence[str], *, author: Person, committer: Person) -> str:
        ids = [word for parent in dict.fromkeys(parents) for word in ("-p", self.commit(parent).id)]
        who = {**_person("AUTHOR", author), **_person("COMMITTER", committer)}
        git = Git(self._git.folder, environment=without_git_variables(**_ENVIRONMENT, **who), settings=_SETTINGS)
        empty = git.said("hash-object", "-t", "tree", "-w", "--stdin").decode("ascii").strip()
        return git.said("commit-tree", empty, *ids, stdin=message.encode()).decode("ascii").strip()

    def move(self, reference: str, *, old: str | None, new: str | None, why: str) -> bool:
        if not reference.startswith(_REFERENCES) or self._git.tried("check-ref-format", reference)[0] != 0:
            raise no_reference_name(reference)
        if new is not None:
            self._objects.read(new)
        return moved(self, self._git, Move(reference=reference, old=old, new=new, why=why))

    def setting(self, name: str) -> str | None:
        return self._asked("config", "--get", name)

    def remotes(self) -> Mapping[str, str]:
        _, said, _ = self._git.tried("config", "-z", "--get-regexp", r"^remote\..*\.url$")
        found: dict[str, str] = {}
        for line in filter(None, os.fsdecode(said).split("\0")):
            name, _, url = line.partition("\n")
            found.setdefault(name.removeprefix("remote.").removesuffix(".url"), url)
        return found

    def is_committed(self, file: Path) -> bool:
        root, place = self.root and self.root.resolve(), file.resolve()
        return root is not None and place.is_relative_to(root) and is_committed(place, root)

    @cached_property
    def _cut_off(self) -> frozenset[str]:
        """The commits whose parents a shallow clone has not got."""
        file = self.folder / "shallow"
        return frozenset(file.read_text().split()) if file.is_file() else frozenset()

    def _listed(self, place: str) -> Mapping[str, str]:
        """The references at a place and below it."""
        words = ("--", place) if place else ()
        code, said, error = self._git.tried("for-each-ref", "--format=%(objectname) %(refname)", *words)
        if _BROKEN in error:
            raise broken_reference(error.partition(_BROKEN)[2].partition("\n")[0], self.folder)
        if code != 0:
            raise unreadable(self.folder, first_line(error))
        pairs = (line.split(" ", 1) for line in os.fsdecode(said).splitlines())
        return {name: id for id, name in sorted(pairs, key=lambda pair: pair[1])}

    def _resolved(self, revision: str) -> str | None:
        if revision.startswith("-") or "\0" in revision:
            return None
        code, said, error = self._git.tried("rev-parse", "--verify", "--quiet", revision)
        if code != 0 and error.startswith("error: ") and not any(words in error for words in _NOT_THAT):
            raise unreadable(self.folder, first_line(error))
        return said.decode("ascii").strip() if code == 0 else None

    def _commit(self, id: str) -> Commit | None:
        """Through tags; None where these do not lead to one."""
        kind, content = self._objects.read(id)
        try:
            while kind == "tag":
                id = tag_of_bytes(content)[0]
                kind, content = self._objects.read(id)
            return commit_of_bytes(id, content, cut_off=id in self._cut_off) if kind == "commit" else None
        except ValueError as error:
            raise unreadable(self.folder, f"`{id}`: {error}") from error

    def _folder(self, id: str) -> Iterator[Entry]:
        kind, content = self._objects.read(id)
        try:
            yield from entries_of_bytes(content, size=len(id) // 2) if kind == "tree" else ()
        except ValueError as error:
            raise unreadable(self.folder, f"`{id}`: {error}") from error

    def _asked(self, *words: str) -> str | None:
        """What git answers; None where its answer is no."""
        code, said, error = self._git.tried(*words)
        if code > 1:
            raise unreadable(self.folder, first_line(error))
        return os.fsdecode(said).removesuffix("\n") if code == 0 else None


def _is_file(mode: int) -> bool:
    return mode & _OF_TYPE == _REGULAR


def _entry(folder: str, line: bytes) -> Entry:
    told, _, path = line.partition(b"\t")
    mode, _, id = told.decode("ascii").split(" ")
    return Entry(path=str(PurePosixPath(folder, os.fsdecode(path))), mode=int(mode, 8), id=id)


def _person(role: str, person: Person) -> dict[str, str]:
    sign, minutes = "-" if person.offset < 0 else "+", abs(person.offset)
    date = f"@{person.time} {sign}{minutes // 60:02}{minutes % 60:02}"
    return {f"GIT_{role}_NAME": person.name, f"GIT_{role}_EMAIL": person.email, f"GIT_{role}_DATE": date}
