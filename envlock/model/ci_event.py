"""What made continuous integration run: a pull request, a push to a branch, a version tag."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """`PULL_REQUEST` is also what a merge queue tries, and any state that is only proposed."""

    PULL_REQUEST = "pull-request"
    BRANCH = "branch"
    TAG = "tag"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event. `forge` is a name of the table `forges.table.FORGES`.

    `target` is the branch that a pull request is to be merged into, `base` a commit of it (its tip, as the forge says),
    `head` the commit that its author knows, `merge` the one that the forge has made of the two for trying them. `left`
    is where it left that branch, where the forge says that. `number` is that of the pull request, `origin` the
    repository at the forge ("owner/name"). `tag` is without `refs/tags/`. Of the default branch, `base` is what it was
    before.

    `is_trusted`: the code is that of people who may write here, so that a cache that others use may be written.
    `has_secrets`: the run holds what the code's author must not get at, so that none of it may be executed.
    """

    kind: Kind
    forge: str
    branch: str | None = None
    is_default: bool = False
    tag: str | None = None
    target: str | None = None
    base: str | None = None
    head: str | None = None
    merge: str | None = None
    left: str | None = None
    number: int | None = None
    origin: str | None = None
    is_trusted: bool = True
    has_secrets: bool = False
