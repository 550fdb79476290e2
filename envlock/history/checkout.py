"""What is checked out, held against other commits: by the git program, which is quicker to start than its library.

Of a shallow clone, what it lacks is fetched: by the ways and logins that the checkout itself has.
"""

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from envlock.errors import OutsideError
from envlock.history.faults import no_commit, of_somebody_else, unreadable
from envlock.history.git_program import Git, first_line
from envlock.history.objects import Object, Objects
from envlock.history.remote import ORIGIN
from envlock.system.files import repository_root
from envlock.system.process import without_git_variables

ID = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
HEAD = "HEAD"
# what it says is read, and nobody is there to be asked for a password
_ENVIRONMENT = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
# programs that the repository's own configuration names, and that nothing here needs
_SETTINGS = ("core.fsmonitor=false", f"core.hooksPath={os.devnull}")
_UNSAFE = "dubious ownership"
_QUIET = (
    *("--quiet", "--no-tags", "--no-prune", "--refmap=", "--no-write-fetch-head", "--no-recurse-submodules"),
    "--no-auto-maintenance",
)
_HIDDEN = b"S "


@dataclass(frozen=True, kw_only=True)  # no slots: what is asked once is kept
class Checkout:
    """A work tree; `root` is its top."""

    root: Path
    git: Git
    is_shallow: bool

    @cached_property
    def head(self) -> str | None:
        """The commit that is checked out; None before the first."""
        return self.commit_of(HEAD)

    @cached_property
    def branch(self) -> str | None:
        """The branch that is checked out; None where it is a commit by itself."""
        return self._line("symbolic-ref", "--quiet", "--short", HEAD)

    def commit_of(self, revision: str) -> str | None:
        """The commit, in full, that a revision names; None where it names none that is here."""
        if "\0" in revision:
            return None
        return self._line("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")

    def symbolic(self, reference: str) -> str | None:
        """The reference that one stands for."""
        return self._line("symbolic-ref", "--quiet", reference)

    def parents(self, commit: str) -> tuple[str, ...]:
        """All that a commit names, be they here or not."""
        code, said, _ = self.git.tried("cat-file", "commit", commit)
        if code != 0:
            raise no_commit(commit, self.root)
        head = said.partition(b"\n\n")[0].decode("ascii", errors="replace").splitlines()
        return tuple(line.removeprefix("parent ") for line in head if line.startswith("parent "))

    def merge_base(self, one: str, other: str) -> str | None:
        """The newest commit that both come from, as far as the history is here."""
        return self._line("merge-base", one, other)

    def fetch(self, spec: str) -> str | None:
        """Brings a commit, by its id or as `+FROM:TO`; why it cannot be had, in git's words, else None.

        A shallow clone stays one: it gets that commit, and none that it comes from.
        """
        far = ("--depth=1",) if self.is_shallow else ()
        code, _, error = self.git.tried("fetch", *_QUIET, *far, "--", ORIGIN, spec)
        return None if code == 0 else first_line(error)

    def tags_there(self, start: str) -> list[str]:
        """The tags of the remote whose names begin so; none where it does not say."""
        code, said, _ = self.git.tried("ls-remote", "--quiet", "--refs", "--", ORIGIN, f"refs/tags/{start}*")
        names = (line.partition("\trefs/tags/")[2] for line in os.fsdecode(said).splitlines())
        return [name for name in names if name.startswith(start)] if code == 0 else []

    def differing(self, commit: str, *names: str) -> Mapping[str, str | None]:
        """The paths of the files of these names that are, or may be, others in the work tree than in a commit; each
        with the id that it has there, None where it is not there. What git does not know of is not among them."""
        words = ("diff-index", "--raw", "--no-renames", "--no-abbrev", "-z", commit, "--")
        said = self.git.said("--no-optional-locks", *words, *_anywhere(names))
        parts = said.split(b"\0")
        found = zip(parts[::2], parts[1::2], strict=False)
        return {os.fsdecode(path): _id(told) for told, path in found}

    def tracked(self, *names: str) -> Mapping[str, bool]:
        """The paths of all files of these names that git knows of, and whether each is to be in the work tree: of a
        sparse checkout, not all are."""
        said = self.git.said("ls-files", "-z", "-t", "--", *_anywhere(names))
        return {os.fsdecode(line[2:]): not line.startswith(_HIDDEN) for line in filter(None, said.split(b"\0"))}

    def objects(self, words: Iterable[str]) -> Mapping[str, Object]:
        """What git's words (`ID`, `COMMIT:PATH`) name, as far as it is there."""
        wanted = [*words]
        if not wanted:
            return {}
        with Objects(self.git) as objects:
            found = {each: objects.get(each) for each in wanted}
        return {each: object for each, object in found.items() if object}

    def _line(self, *words: str) -> str | None:
        """What git answers; None where its answer is no."""
        code, said, _ = self.git.tried(*words)
        return os.fsdecode(said).partition("\n")[0] or None if code == 0 else None


def checkout_around(folder: Path) -> Checkout | None:
    """The work tree around a folder; None outside of git. OutsideError where git does not read the repository."""
    root = repository_root(folder)
    if root is None:
        return None
    git = Git(root, environment=without_git_variables(**_ENVIRONMENT), settings=_SETTINGS)
    code, said, error = git.tried("rev-parse", "--is-inside-work-tree", "--is-shallow-repository")
    if _UNSAFE in error:
        raise of_somebody_else(root)
    if code != 0:
        raise unreadable(root, first_line(error))
    inside, shallow = said.decode("ascii", errors="replace").split()
    if inside != "true":
        raise OutsideError(f"`{root}` is no work tree")
    return Checkout(root=root, git=git, is_shallow=shallow == "true")


def _anywhere(names: Iterable[str]) -> list[str]:
    return [f":(top,glob)**/{name}" for name in names]


def _id(told: bytes) -> str | None:
    """Of `:MODE MODE ID ID STATUS` the first id."""
    id = told.split()[2].decode("ascii")
    return id if id.strip("0") else None
