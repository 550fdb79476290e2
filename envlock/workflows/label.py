"""label: names that stand for a version of an environment and move, with all that they stood for before."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import UserInputError
from envlock.history.git_program import Git
from envlock.history.identity import committer
from envlock.history.labels import LabelState, Move, find_label, find_labels, label_history, move_label
from envlock.history.repository import Repository
from envlock.history.tags import read_version, tags_of
from envlock.history.versions import version_commit
from envlock.model.version import LATEST, NUMBER
from envlock.model.version_name import why_not
from envlock.model.words import did_you_mean
from envlock.workflows import later_history
from envlock.workflows.project import find_project
from envlock.workflows.wanted import Wanted

_SHORT = 12
_AT = re.compile(r"(?P<name>[^@/]+)@(?P<version>.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An environment of a repository by its name, and perhaps a version of it."""

    repository: Repository
    folder: Path
    name: str
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """Where a label is now, and where it was, None where it was nowhere; `registered` tells whether it stands for a
    registered version, `alone` that others see none of it yet."""

    now: LabelState
    before: LabelState | None
    registered: bool = True
    alone: bool = False


def label(env: str, name: str, start: Path) -> Moved:
    """Lets a label stand for `ENV@VERSION`; without a version for the highest number."""
    asked = _asked(env, start)
    repository, environment = asked.repository, asked.name
    before = find_label(repository, environment, name)
    _require_name(asked, name, is_new=_standing(before) is None)
    commit, version, registered = _meant(asked)
    if before and (before.commit, before.version) == (commit, version):
        return Moved(now=before, before=before, registered=registered)
    move = Move(environment=environment, label=name, version=version, commit=commit)
    now = move_label(repository, move, committer(_git(repository)))
    return Moved(now=now, before=_standing(before), registered=registered, alone=bool(repository.remotes()))


def remove_label(env: str, name: str, start: Path) -> Moved:
    """Lets a label stand for nothing any more; UserInputError where there is none."""
    asked = _asked(env, start)
    before = _required(asked, name)
    if not before.commit:
        raise UserInputError(f"`{asked.name}@{name}` was removed before")
    now = move_label(asked.repository, Move(environment=asked.name, label=name), committer(_git(asked.repository)))
    return Moved(now=now, before=before, alone=bool(asked.repository.remotes()))


def labels(env: str | None, start: Path) -> tuple[LabelState, ...]:
    """All labels of an environment, or of all that are in the repository."""
    if env is None:
        return find_labels(_repository(start))
    asked = _asked(env, start)
    if asked.version is not None:
        raise UserInputError(f"no label for `{env}` is given", hint=f"`envlock label {env} prod`")
    return find_labels(asked.repository, asked.name)


def moves(env: str, name: str, start: Path) -> tuple[LabelState, ...]:
    """All that a label stood for, the newest first; a state without a commit tells that it was removed."""
    asked = _asked(env, start)
    return tuple(label_history(asked.repository, _required(asked, name)))


def _asked(env: str, start: Path) -> Asked:
    repository = _repository(start)
    given = None if (start / env).exists() else _AT.fullmatch(env)
    name, version = (given["name"], given["version"]) if given else (env, None)
    try:
        project = find_project(name, start)
    except UserInputError:
        # not in the work tree, or there is none: it may have versions all the same
        if not tags_of(repository, name) and not find_labels(repository, name):
            raise
        return Asked(repository=repository, folder=start, name=name, version=version)
    own = later_history.repository_around(project.folder) or repository
    return Asked(repository=own, folder=project.folder, name=project.name, version=version)


def _repository(start: Path) -> Repository:
    repository = later_history.repository_around(start)
    if repository is None:
        raise UserInputError(f"`{start}` is in no git repository, where labels are kept", hint="`git init` starts one")
    return repository


def _git(repository: Repository) -> Git:
    return Git(repository.root or repository.folder)


def _require_name(asked: Asked, name: str, *, is_new: bool) -> None:
    versions = tags_of(asked.repository, asked.name)
    if name in versions and not NUMBER.fullmatch(name):
        raise UserInputError(f"`{asked.name}@{name}` is a registered version, which never moves")
    if not is_new:
        return
    others = (state.label for state in find_labels(asked.repository, asked.name))
    if reason := why_not(name, others=(*versions, *others)):
        raise UserInputError(f"no label can be called `{name}`: {reason}")


def _required(asked: Asked, name: str) -> LabelState:
    found = find_label(asked.repository, asked.name, name)
    if found is None:
        known = [state.label for state in find_labels(asked.repository, asked.name)]
        hint = did_you_mean(name, known) or (f"there is {_named(known)}" if known else None)
        raise UserInputError(f"`{asked.name}` has no label `{name}`", hint=hint)
    return found


def _meant(asked: Asked) -> tuple[str, str, bool]:
    """The commit, the version as it is written down, and whether it is registered."""
    repository, name = asked.repository, asked.name
    version = asked.version or LATEST
    tags = tags_of(repository, name)
    if asked.version is None and not any(map(NUMBER.fullmatch, tags)):
        raise UserInputError(
            f"`{name}` has no registered version", hint=f"`envlock register {name}`, or name a commit: `{name}@HEAD`"
        )
    commit = version_commit(repository, name, version)
    found = [tag for tag, id in tags.items() if read_version(repository, name, tag, id).commit == commit]
    if version in found:
        return commit, version, True
    if numbers := sorted(filter(NUMBER.fullmatch, found), key=int) or sorted(found):
        return commit, numbers[-1], True
    later_history.at_revision(Wanted(version=version, folder=asked.folder, name=name, required=True))
    return commit, commit[:_SHORT], False  # `HEAD` and branches name something else tomorrow


def _standing(state: LabelState | None) -> LabelState | None:
    return state if state and state.commit else None


def _named(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
