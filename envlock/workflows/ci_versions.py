"""Versions of environments as what `ci` is about: that of a pushed tag, or those that are asked for; each held against
the numbered version before it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.errors import EnvlockError, UserInputError
from envlock.forges.nowhere import Nowhere
from envlock.forges.references import is_version_tag
from envlock.history.around import repository_around
from envlock.history.checkout import Checkout, checkout_around
from envlock.history.tags import tags_of
from envlock.lockfile.reader import read_lock
from envlock.model.ci_event import Event
from envlock.model.version import NUMBER
from envlock.system.files import repository_root
from envlock.workflows.check import check_all
from envlock.workflows.ci import CiOptions
from envlock.workflows.ci_held import key_of
from envlock.workflows.ci_report import State, Subject
from envlock.workflows.ci_subjects import Subjects
from envlock.workflows.context import Context
from envlock.workflows.diff import Side, compare
from envlock.workflows.environment_at import environment_at
from envlock.workflows.project import Project, all_projects, find_project

_TAG = "env/"


def version_subjects(event: Event, options: CiOptions, start: Path, context: Context) -> Subjects:
    """Each by itself, be it here or not."""
    checkout = checkout_around(start)
    if checkout is None:
        raise UserInputError(f"`{start}` is in no git repository, and versions are kept by git")
    names, version = _wanted(event, options, start)
    far = event.forge != Nowhere.name
    if far:
        _bring_tags([f"{_TAG}{name}/{version}" for name in names], version, checkout)
    projects = [environment_at(f"{name}@{version}", start, context) for name in names]
    found = [_subject(name, project, options, context) for name, project in zip(names, projects, strict=True)]
    before = _before(names, version, checkout, far=far)
    held = [_held(subject, before.get(subject.name), options, context) for subject in found]
    return Subjects(
        subjects=tuple(sorted((each for each, _ in held), key=lambda each: (each.folder, each.name))),
        commit=_only([project.at.commit for project in projects if project.at]) or checkout.head,
        base=_only([commit for _, commit in held]),
        reproduce=version,
    )


def _only(commits: Sequence[str | None]) -> str | None:
    """What all of them are."""
    return commits[0] if len({*commits}) == 1 else None


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
        is_revision = not NUMBER.fullmatch(version) and checkout.commit_of(version) is not None
        if not is_revision and checkout.commit_of(reference) is None:
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


def _before(names: Sequence[str], version: str, checkout: Checkout, *, far: bool) -> Mapping[str, str]:
    """By name, the highest number below that of a version; what the clone may lack is fetched."""
    repository = repository_around(checkout.root)
    if repository is None or not names or not NUMBER.fullmatch(version):
        return {}
    start = f"{_TAG}{names[0]}/" if len(names) == 1 else _TAG
    there = checkout.tags_there(start) if far and checkout.is_shallow else []
    found: dict[str, str] = {}
    for name in names:
        known = {*tags_of(repository, name), *(tag.removeprefix(f"{_TAG}{name}/") for tag in there)}
        numbers = [int(each) for each in known if NUMBER.fullmatch(each) and int(each) < int(version)]
        if numbers:
            found[name] = str(max(numbers))
    if far:
        for name, number in found.items():
            _bring_tags([f"{_TAG}{name}/{number}"], number, checkout)
    return found


def _held(subject: Subject, before: str | None, options: CiOptions, context: Context) -> tuple[Subject, str | None]:
    """Beside the version before it, and the commit of that; by itself where there is none that can be read."""
    project = subject.project
    if before is None or subject.problems or project is None:
        return subject, None
    try:
        earlier = environment_at(f"{subject.name}@{before}", project.home or project.folder, context)
        locks = read_lock(earlier.lockfile), read_lock(project.lockfile)
    except EnvlockError:
        return subject, None
    sides = [
        Side(text=each.at.version, lock=lock, name=subject.name, commit=each.at.commit)
        for each, lock in zip((earlier, project), locks, strict=True)
        if each.at
    ]
    was = key_of(locks[0], options.platforms)
    if was == subject.key:
        return subject, sides[0].commit
    comparison = compare(before=sides[0], after=sides[1])
    return replace(subject, state=State.CHANGED, was=was, comparison=comparison), sides[0].commit
