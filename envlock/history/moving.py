"""References that are moved only from where they were thought to be."""

from dataclasses import dataclass
from pathlib import PurePosixPath

from envlock.errors import OutsideError
from envlock.history.faults import held, in_the_way, unwritable
from envlock.history.git_program import Git, first_line
from envlock.history.repository import Repository

_NOTHING = "0"  # as many as an id has digits: no reference
# what git says where another process holds what it needs
_HELD = ("File exists", "data is locked", "Another git process")


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What `Repository.move` is asked for."""

    reference: str
    old: str | None
    new: str | None
    why: str

    @property
    def line(self) -> str:
        """For `git update-ref --stdin`."""
        if self.new is None:
            return f"delete {self.reference} {self.old}\n"
        return (
            f"update {self.reference} {self.new} {self.old}\n" if self.old else f"create {self.reference} {self.new}\n"
        )


def standing_in_the_way(repository: Repository, reference: str) -> str | None:
    """A reference that is a file where this one needs a folder, or the other way round."""
    above = (str(place) for place in PurePosixPath(reference).parents if len(place.parts) > 2)
    found = next((name for name in above if repository.reference(name)), None)
    return found or next(iter(repository.references(f"{reference}/")), None)


def moved(repository: Repository, git: Git, move: Move) -> bool:
    """As `Repository.move` has it, by the git program."""
    if (move.old, move.new) == (None, None):
        return repository.reference(move.reference) is None
    code, _, error = git.tried("update-ref", "--no-deref", "-m", move.why, "--stdin", stdin=move.line.encode())
    if code == 0:
        return True
    if repository.reference(move.reference) != move.old:
        return False
    if any(words in error for words in _HELD):
        raise held(move.reference, repository.folder)
    raise _refusal(repository, move.reference, error)


def _refusal(repository: Repository, reference: str, error: str) -> OutsideError:
    other = standing_in_the_way(repository, reference)
    return in_the_way(reference, other) if other else unwritable(repository.folder, first_line(error))
