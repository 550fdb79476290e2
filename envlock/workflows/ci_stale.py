"""Whether what is wrong with an environment was so at the base already."""

import posixpath
from collections.abc import Mapping, Sequence

from envlock.errors import EnvlockError
from envlock.history.around import repository_around
from envlock.model.problem import Problem
from envlock.model.version import At
from envlock.workflows.check_tree import check_commit
from envlock.workflows.ci_tree import Tree
from envlock.workflows.context import Context
from envlock.workflows.moment import Moment
from envlock.workflows.project import MANIFEST

_SHORT = 7


def stale_before(tree: Tree, folders: Sequence[str], context: Context) -> Mapping[str, tuple[Problem, ...]]:
    """What was wrong in these folders at the base, by folder; nothing is known of what cannot be looked at."""
    root = tree.checkout.root
    try:
        repository = repository_around(root)
        assert repository
        moment = Moment(repository=repository, at=At(version=tree.base[:_SHORT], commit=tree.base))
        changed = {posixpath.join(folder, MANIFEST) for folder in folders}
        answers = check_commit(moment, context.cache, changed=changed)
    except EnvlockError:
        return {}
    home = repository.root or repository.folder
    found = {project.folder.relative_to(home).as_posix(): problems for project, problems in answers}
    return {"" if folder == "." else folder: problems for folder, problems in found.items()}
