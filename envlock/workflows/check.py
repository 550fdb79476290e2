"""check: does env.lock answer env.toml and itself? Offline; writes nothing but a verdict in the cache."""

from collections.abc import Callable, Iterable
from functools import partial

from envlock.errors import AnswerIsNo, UserInputError
from envlock.model.problem import Problem, shown
from envlock.system.cache import Cache
from envlock.workflows import later
from envlock.workflows.project import Project
from envlock.workflows.unmerged import unmerged_problems
from envlock.workflows.verdicts import fingerprint, is_good, keep_good

UNREADABLE = "unreadable"
Answer = tuple[Project, tuple[Problem, ...]]


def check(project: Project, cache: Cache) -> tuple[Problem, ...]:
    """Every reason why the lock does not answer; none when it does. A good verdict is kept by the files' bytes."""
    if project.manifest.exists() and not project.lockfile.exists():
        later.read_manifest(project)  # what is wrong with it comes first
        return (Problem(kind="missing", message="there is no env.lock yet"),)
    if unmerged := unmerged_problems(project):
        return unmerged
    key = fingerprint(project)
    if is_good(project, cache, key):
        return ()
    walked = later.walk(project, cache)
    # the files that were read are those of the key, unless somebody wrote them meanwhile
    if not walked.problems and key and key == fingerprint(project):
        keep_good(project, cache, key, walked.files)
    return walked.problems


def check_all(projects: Iterable[Project], cache: Cache) -> list[Answer]:
    """The answer for each; one whose files cannot be read hides no other."""
    return [(project, answer(partial(_given, project), cache)) for project in projects]


def _given(project: Project) -> Project:
    return project


def answer(project: Callable[[], Project], cache: Cache) -> tuple[Problem, ...]:
    """That for one that is yet to be found; why it cannot be read is a reason, too."""
    try:
        return check(project(), cache)
    except UserInputError as error:
        return tuple(Problem(kind=UNREADABLE, message=line) for line in error.message.splitlines())


def is_known_good(project: Project, cache: Cache) -> bool:
    """Was exactly this found good before?"""
    return is_good(project, cache, fingerprint(project))


def require_fresh(project: Project, cache: Cache, *, copies: bool = True) -> None:
    """AnswerIsNo with the reasons where the lock does not answer its manifest; without `copies`, but for what goes
    into its image alone."""
    found = tuple(problem for problem in check(project, cache) if copies or not problem.is_of_copies)
    if found:
        lines = "\n".join(f"  {line}" for line in shown(found))
        of, hint = (f" of `{project.title}`", None) if project.at else ("", "run `envlock lock`")
        raise AnswerIsNo(f"env.lock{of} does not answer env.toml\n{lines}", hint=hint)
