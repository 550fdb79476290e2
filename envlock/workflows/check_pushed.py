"""check of what is to be pushed: the environments at the tips of it."""

from collections.abc import Sequence
from pathlib import Path

from envlock.history.around import repository_around
from envlock.model.version import At
from envlock.system.cache import Cache
from envlock.workflows.check import Answer
from envlock.workflows.check_tree import check_commit
from envlock.workflows.git_hooks import Tip
from envlock.workflows.moment import Moment


def pushed_answers(tips: Sequence[Tip], start: Path, cache: Cache) -> list[Answer]:
    """The answers of all environments at these tips."""
    repository = repository_around(start)
    if repository is None:
        return []
    commits = [(tip.name, repository.commit_of(tip.id)) for tip in tips]
    moments = [Moment(repository=repository, at=At(version=name, commit=commit)) for name, commit in commits if commit]
    return [answer for moment in moments for answer in check_commit(moment, (), cache)]
