"""An environment of another time or place: `NAME@X`, `@X` for the one there is, `URL#NAME@X`."""

import re
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history.around import repository_around
from envlock.history.repository import Repository
from envlock.history.versions import version_commit
from envlock.model.version import At
from envlock.workflows.context import Context
from envlock.workflows.moment import Moment
from envlock.workflows.other_repository import HEAD, Elsewhere, moment_elsewhere
from envlock.workflows.project import Project, all_projects, find_project, is_in_other_repository
from envlock.workflows.revision import folder_at, name_at
from envlock.workflows.snapshots import at_commit
from envlock.workflows.versions import locks_in
from envlock.workflows.wanted import Wanted

_AT = re.compile(r"(?P<name>[a-z0-9]+(?:[._-][a-z0-9]+)*)?(?:@(?P<version>.+))?", re.DOTALL)


def environment_at(word: str, start: Path, context: Context, *, locked: bool = True) -> Project:
    """What a word means that has a version or an address in it; UserInputError where there is none, or where it is to
    be `locked` and has no env.lock."""
    moment, name = moment_of(word, start, context)
    wanted = Wanted(version=moment.at.version, folder=start, name=name, required=True)
    folder = folder_at(moment.repository, moment.at.commit, wanted)
    assert folder is not None
    called = name or name_at(moment.repository, moment.at.commit, folder) or folder.name
    project = at_commit(moment, "" if str(folder) == "." else str(folder), called, context.cache)
    if locked and not project.lockfile.exists():
        raise UserInputError(f"`{project.titled(called)}` has no env.lock: it was not locked then")
    return project


def moment_of(word: str, start: Path, context: Context) -> tuple[Moment, str | None]:
    """The point of history, and the environment's name, where it is given or known."""
    address, asked = parted(word, start)
    found = _AT.fullmatch(asked)
    if not found or not asked:
        example = f"{address}#train@3" if address else "train@3"
        raise UserInputError(f"`{asked or word}` is no environment and no version", hint=f"write it as `{example}`")
    name, version = found["name"], found["version"] or HEAD
    if address:
        return moment_elsewhere(Elsewhere(address=address, name=name, version=version), context, start), name
    repository = _repository(start, word)
    name = name or (find_project(None, start).name if all_projects(start) else None)
    commit = version_commit(repository, name, version, locks_in(start, context.cache))
    return Moment(repository=repository, at=At(version=version, commit=commit)), name


def revision_here(revision: str, start: Path) -> Moment:
    """A git revision of the repository around a folder."""
    repository = _repository(start, revision)
    return Moment(repository=repository, at=At(version=revision, commit=version_commit(repository, None, revision)))


def _repository(start: Path, word: str) -> Repository:
    repository = repository_around(start)
    if repository is None:
        raise UserInputError(f"`{word}` is a version, and `{start}` is in no git repository")
    return repository


def parted(word: str, start: Path) -> tuple[str | None, str]:
    """The address of another repository, where there is one, and what is asked for."""
    if not is_in_other_repository(word, start):
        return None, word
    address, _, asked = word.partition("#")
    return address, asked
