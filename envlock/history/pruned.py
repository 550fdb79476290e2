"""Which months' runs are kept no longer: so said by a commit, which `sync` shares, or which is for one clone alone."""

import time
from dataclasses import replace

from envlock.errors import OutsideError
from envlock.history.again import move
from envlock.history.repository import Person, Repository
from envlock.model.trailers import message, trailers_of
from envlock.model.version import MONTH, PRUNED, PRUNED_HERE

_BEFORE = "Before"


def kept_since(repository: Repository) -> str:
    """The first month (`2026-01`) that is kept; empty where all are."""
    marks = filter(None, map(repository.reference, (PRUNED, PRUNED_HERE)))
    return max((marked(repository, id) for id in marks), default="")


def marked(repository: Repository, id: str) -> str:
    """The first month that is kept, as a mark says it; OutsideError where it says none."""
    month = dict(trailers_of(repository.commit(id).message)).get(_BEFORE, "")
    if not MONTH.fullmatch(month):
        raise OutsideError(f"`{id[:12]}` does not say which runs are kept no longer")
    return month


def mark(repository: Repository, reference: str, month: str, person: Person) -> None:
    """Has a mark say this month, or the later one that it says."""

    def made(old: str | None) -> str:
        if old and marked(repository, old) >= month:
            return old
        told = message(f"runs: kept from {month} on", [(_BEFORE, month)])
        now = replace(person, time=int(time.time()))
        return repository.write(told, [old] if old else [], author=now, committer=now)

    move(repository, reference, made, why="prune")


def unite_marks(repository: Repository, one: str, other: str) -> str:
    """A commit upon both that says the later month: the same, whoever unites them."""
    parents = sorted((one, other))
    month = max(marked(repository, id) for id in parents)
    last = max(repository.commit(id).committer.time for id in parents)
    nobody = Person(name="envlock", email="envlock@localhost", time=last)
    told = message(f"runs: kept from {month} on", [(_BEFORE, month), ("United", "yes")])
    return repository.write(told, parents, author=nobody, committer=nobody)
