"""check of what is to be pushed: the environments that are other than the remote is known to have them."""

from collections.abc import Sequence
from pathlib import Path

from envlock.history.around import repository_around
from envlock.history.pushing import changed_by_push
from envlock.history.repository import Repository
from envlock.model.version import At
from envlock.system.cache import Cache
from envlock.workflows.check import Answer
from envlock.workflows.check_tree import check_commit
from envlock.workflows.git_hooks import Tip
from envlock.workflows.moment import Moment


def pushed_answers(tips: Sequence[Tip], remote: str, start: Path, cache: Cache) -> list[Answer]:
    """The answers at these tips of the environments that rest on what the push changes."""
    repository = repository_around(start)
    return [answer for tip in tips for answer in _answers(repository, tip, remote, cache)] if repository else []


def _answers(repository: Repository, tip: Tip, remote: str, cache: Cache) -> list[Answer]:
    commit = repository.commit_of(tip.id)
    if commit is None:
        return []  # no state of files
    old = repository.commit_of(tip.old) if tip.old else None
    changed = changed_by_push(repository.folder, commit, old, remote)
    if changed == frozenset():
        return []
    moment = Moment(repository=repository, at=At(version=tip.name, commit=commit))
    return check_commit(moment, cache, changed=changed)
