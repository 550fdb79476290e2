"""A point of a repository's history, and the files of it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from envlock.history.repository import Repository
from envlock.history.tree import CommitTree, Tree
from envlock.model.version import At


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A commit, and what it was asked for as; `bring` fetches what is not here of the files with these ids."""

    repository: Repository
    at: At
    bring: Callable[[Iterable[str]], None] = lambda _: None

    @property
    def tree(self) -> Tree:
        return CommitTree(self.repository, self.at.commit, self.bring)


def top_name(repository: Repository) -> str:
    """What the repository is called: its environment at the top may have no other name."""
    root = repository.root
    if root is not None:
        return root.name
    folder = repository.folder.resolve()
    return (folder.parent if folder.name == ".git" else folder).name.removesuffix(".git")
