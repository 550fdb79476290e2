"""A git repository as envlock sees it: objects and refs are read and added; work tree and index are never touched.

`library.Library` is one by git's library, `program.Program` one by the git program, for what that library cannot open;
`around.repository_around` chooses. Ids are hexadecimal and in full.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from envlock.errors import OutsideError


class Busy(OutsideError):
    """A reference that another process holds at this moment: it may be tried again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Who did something, and when: seconds since 1970, and the minutes that clocks there are ahead of UTC."""

    name: str
    email: str
    time: int
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commit; the message as it was written."""

    id: str
    tree: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """An annotated tag: `target` is the commit that it leads to; a signature is a part of the message."""

    id: str
    target: str
    tagger: Person | None
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What stands at a path of a commit's tree: git's mode (0o100644, 0o100755, 0o120000 a link, 0o160000 a submodule,
    0o040000 a folder) and the id of the object."""

    path: str
    mode: int
    id: str


class Repository(Protocol):
    """What all other modules know of a repository. OutsideError where git's objects are damaged or missing."""

    @property
    def folder(self) -> Path:
        """Git's own folder, which all work trees of the repository share."""
        ...

    @property
    def root(self) -> Path | None:
        """The top of the work tree; None where there is none."""
        ...

    @property
    def has_commits(self) -> bool:
        """Whether HEAD leads to a commit."""
        ...

    @property
    def is_shallow(self) -> bool:
        """Whether this clone has only the newest part of the history."""
        ...

    def commit_of(self, revision: str) -> str | None:
        """The commit that a revision as git understands it names; None where there is none."""
        ...

    def reference(self, name: str) -> str | None:
        """What a reference (`refs/tags/env/train/3`) names itself, which may be a tag; None where there is none."""
        ...

    def references(self, prefix: str) -> Mapping[str, str]:
        """All references that begin so, sorted by name, with what they name themselves."""
        ...

    def commit(self, id: str) -> Commit:
        """A commit; through tags that lead to one."""
        ...

    def tag(self, id: str) -> Tag | None:
        """An annotated tag; None where the object is something else."""
        ...

    def entry(self, commit: str, path: str) -> Entry | None:
        """What stands at a path; the whole tree where the path is empty."""
        ...

    def entries(self, commit: str, folder: str = "") -> Iterator[Entry]:
        """All that is below a folder of a commit but folders themselves, sorted by path."""
        ...

    def files(self, commit: str, name: str) -> tuple[str, ...]:
        """The paths of all regular files of that name in a commit, sorted; not in submodules."""
        ...

    def read(self, commit: str, path: str) -> bytes | None:
        """The bytes of a file in a commit; None where it is not there or no file."""
        ...

    def blob(self, id: str) -> bytes:
        """The bytes of a file by its id."""
        ...

    def log(self, *starts: str, without: Sequence[str] = ()) -> Iterator[Commit]:
        """All commits that some come from, and these, but none that those in `without` come from; no commit before its
        children, else the newest first. Nothing is read before it is asked for."""
        ...

    def is_ancestor(self, old: str, new: str) -> bool:
        """Does `new` come from `old`, or is it the same?"""
        ...

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both of two come from."""
        ...

    def write(self, message: str, parents: Sequence[str], *, author: Person, committer: Person) -> str:
        """Adds a commit without files, which nothing leads to yet; its id."""
        ...

    def move(self, reference: str, *, old: str | None, new: str | None, why: str) -> bool:
        """Sets a reference, or removes it where `new` is None, if it still is `old` (None: if there is none).

        False where it no longer is; Busy where another process holds it. `why` goes into the reference's log.
        """
        ...

    def setting(self, name: str) -> str | None:
        """A value of git's settings (`user.name`), the last where there are several; None where it is not set."""
        ...

    def remotes(self) -> Mapping[str, str]:
        """Where the remotes are, by name, as it is written in git's settings."""
        ...

    def is_committed(self, file: Path) -> bool:
        """Whether a file of the work tree is in HEAD as it stands there."""
        ...
