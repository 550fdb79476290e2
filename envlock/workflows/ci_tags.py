"""The tags that an image gets beside that of its lock: of its branch, its commit, and its version."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from envlock.errors import AnswerIsNo
from envlock.history.repository import Repository
from envlock.history.tags import commit_behind, read_version, tags_of
from envlock.model.branch_slug import branch_tag, commit_tag, version_tag
from envlock.model.ci_event import Event, Kind
from envlock.model.reference import Reference
from envlock.model.version import LATEST, NUMBER, TAGS
from envlock.registry.found import Found
from envlock.registry.tags import set_tag
from envlock.workflows import later, later_history
from envlock.workflows.ci_report import Subject, Tagged
from envlock.workflows.committed import require_committed
from envlock.workflows.context import Context
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What an image is to be called: by a `version`, which never moves, by its `commit` and by its `branch`. `image` is
    the digest that the version is registered with, `notes` what is to be said of names that it does not get."""

    version: str | None = None
    commit: str | None = None
    branch: str | None = None
    image: str | None = None
    notes: tuple[str, ...] = ()


def names_of(subject: Subject, event: Event) -> Names:
    """The names of an environment's image, as git and the event have them."""
    project = subject.project
    assert project
    repository = later_history.repository_around(project.home or project.folder)
    if repository is None:
        return Names(notes=(f"`{subject.name}` is in no git repository: its image has the tag of its lock alone",))
    version = _version(subject.name, project, event, repository)
    image = _registered_image(repository, subject.name, version) if version else None
    if project.at:
        return Names(version=version, commit=project.at.commit, image=image)
    if not repository.has_commits or (why := _why_not_committed(project, repository)):
        why = why if repository.has_commits else "nothing is committed"
        return Names(version=version, image=image, notes=(f"{why}: no tag of a branch or commit is set",))
    branch = event.branch if event.kind is Kind.BRANCH else None
    return Names(version=version, commit=repository.commit_of("HEAD"), branch=branch, image=image)


def set_tags(names: Names, found: Found, repository: Reference, context: Context) -> tuple[Tagged, ...]:
    """Puts them on an image that the repository has: what can be refused first. Each is written only where it names
    another image."""
    client = later.registry_client(context)

    def tagged(name: str, *, moves: bool) -> Tagged:
        tag = replace(repository, tag=name, digest=None)
        return Tagged(name=name, what=set_tag(client, found, tag, moves=moves))

    return tuple(tagged(name, moves=moves) for name, moves in _tags(names))


def _tags(names: Names) -> Iterator[tuple[str, bool]]:
    if names.version:
        yield version_tag(names.version), False
    if names.commit:
        yield commit_tag(names.commit), True
    if names.branch:
        yield branch_tag(names.branch), True


def _version(name: str, project: Project, event: Event, repository: Repository) -> str | None:
    """The registered version that the image is of, where that is what it was asked for as."""
    given = project.at.version if project.at else None
    if given is None and event.kind is Kind.TAG and event.tag:
        given = event.tag.removeprefix(f"env/{name}/") if event.tag.startswith(f"env/{name}/") else None
    if given == LATEST and repository.reference(f"{TAGS}{name}/{LATEST}") is None:
        numbers = [version for version in tags_of(repository, name) if NUMBER.fullmatch(version)]
        given = max(numbers, key=int, default=None)
    return given if given and repository.reference(f"{TAGS}{name}/{given}") else None


def _registered_image(repository: Repository, name: str, version: str) -> str | None:
    """The digest that the tag of a version tells."""
    id = repository.reference(f"{TAGS}{name}/{version}")
    assert id
    if commit_behind(repository, id) is None:
        return None
    image = read_version(repository, name, version, id).image
    return image.rpartition("@")[2] if image and "@" in image else None


def _why_not_committed(project: Project, repository: Repository) -> str | None:
    try:
        require_committed(project, repository, repository.root or repository.folder)
    except AnswerIsNo as error:
        return error.message.splitlines()[0]
    return None
