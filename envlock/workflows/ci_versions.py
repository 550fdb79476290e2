"""Versions of environments as what `ci` is about: that of a pushed tag, or those that are asked for."""

from collections.abc import Sequence
from pathlib import Path

from envlock.errors import UserInputError
from envlock.forges.nowhere import Nowhere
from envlock.forges.references import is_version_tag
from envlock.history.checkout import Checkout, checkout_around
from envlock.lockfile.reader import read_lock
from envlock.model.ci_event import Event
from envlock.system.files import repository_root
from envlock.workflows.check import check_all
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_held import key_of
from envlock.workflows.ci_report import State, Subject
from envlock.workflows.ci_subjects import Subjects
from envlock.workflows.context import Context
from envlock.workflows.environment_at import environment_at
from envlock.workflows.project import Project, all_projects, find_project

_TAG = "env/"


def version_subjects(event: Event, options: CiOptions, start: Path, context: Context) -> Subjects:
    """Each by itself: there is nothing that it is held against."""
    checkout = checkout_around(start)
    if checkout is None:
        raise UserInputError(f"`{start}` is in no git repository, and versions are kept by git")
    names, version = _wanted(event, options, start)
    if event.forge != Nowhere.name:
        _bring_tags([f"{_TAG}{name}/{version}" for name in names], version, checkout)
    projects = [environment_at(f"{name}@{version}", start, context) for name in names]
    commits = {project.at.commit for project in projects if project.at}
    commit = next(iter(commits)) if len(commits) == 1 else checkout.head
    found = [_subject(name, project, options, context) for name, project in zip(names, projects, strict=True)]
    return Subjects(
        subjects=tuple(sorted(found, key=lambda each: (each.folder, each.name))), commit=commit, reproduce=version
    )


def _wanted(event: Event, options: CiOptions, start: Path) -> tuple[list[str], str]:
    """The names of environments, and their version."""
    asked = [_name(word, start) for word in options.environments]
    if not event.tag:
        assert options.version
        return asked or [project.name for project in all_projects(start)], options.version
    name, _, version = event.tag.removeprefix(_TAG).rpartition("/")
    return [name] if name in asked or not asked else [], options.version or version


def _name(word: str, start: Path) -> str:
    """Of a path, the name of what is there now; what is gone can be asked for by its name."""
    try:
        return find_project(word, start).name
    except UserInputError:
        return word


def _bring_tags(tags: Sequence[str], version: str, checkout: Checkout) -> None:
    """A checkout of one commit may lack them; who looks for one then says that it is not there."""
    for tag in filter(is_version_tag, tags):
        reference = f"refs/tags/{tag}"
        if checkout.commit_of(reference) is None and checkout.commit_of(version) is None:
            checkout.fetch(f"{reference}:{reference}")


def _subject(name: str, project: Project, options: CiOptions, context: Context) -> Subject:
    ((_, problems),) = check_all([project], context.cache)
    key = None if problems else key_of(read_lock(project.lockfile), options.platforms)
    top = repository_root(project.folder) or project.folder
    folder = project.folder.relative_to(top).as_posix()
    return Subject(
        name=name,
        folder="" if folder == "." else folder,
        state=State.SAME,
        project=project,
        problems=problems,
        key=key,
        was=key,
    )
