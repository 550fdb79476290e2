"""Where images of continuous integration go, and that no two environments go to one place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from envlock.errors import EnvlockError, UserInputError
from envlock.model.ci_event import Event
from envlock.model.reference import DOCKER_HUB, Reference, parse_reference
from envlock.registry.credentials import host_of
from envlock.system.files import repository_root
from envlock.workflows import later
from envlock.workflows.ci import CiOptions, wants_push
from envlock.workflows.ci_report import Subject
from envlock.workflows.project import Project, all_projects

NAME = "{name}"
_SHOWN = 5
_HINT = '`[image] repository = "registry.test/team/train"` in env.toml, or `--repository registry.test/team/{name}`'


def place_of(name: str, stated: str | None, event: Event, options: CiOptions) -> str | None:
    """The repository that the image of an environment goes to; None where nobody says so. `stated` is what its env.toml
    does; UserInputError for what is no repository."""
    if options.repository:
        return _checked(_under_registry(_named(options.repository, name), options.registry), options.repository)
    if stated:
        return stated
    if options.registry and event.origin:
        return _checked(f"{registry_host(options.registry)}/{event.origin.lower()}/{name}", options.registry)
    return None


def required_place(name: str, stated: str | None, event: Event, options: CiOptions) -> str:
    """The same of what is to be pushed: UserInputError where nobody says where to."""
    place = place_of(name, stated, event, options)
    if place is None:
        raise UserInputError(f"nothing says where the image of `{name}` goes", hint=_HINT)
    return place


def registry_host(text: str) -> str:
    """A registry as people write it, as references have it: `https://index.docker.io/v1/` is `docker.io`."""
    host, _, path = text.strip().rpartition("://")[2].partition("/")
    # what stands before `@` may be a password
    if path.strip("/") not in ("", "v1", "v2") or not _is_registry(host):
        raise UserInputError(
            f"`{text.rpartition('@')[2]}` is not the name of a registry",
            hint="as in `ghcr.io`, `registry.test:5000`, without a login; the rest is `--repository`",
        )
    return host_of(host)


def login_place(options: CiOptions) -> str:
    """The registry that a login is for: the one that is named, with or without a repository, else Docker's own hub."""
    if options.registry:
        return registry_host(options.registry)
    first, slash, _ = (options.repository or "").partition("/")
    # a password is not for Docker's hub when images go elsewhere
    return registry_host(first) if slash and _is_registry(first) else DOCKER_HUB


def require_own_places(subjects: Sequence[Subject], event: Event, options: CiOptions) -> None:
    """UserInputError where an image is to be pushed to where that of another environment of the repository goes: their
    tags of branches, commits and versions would be the same."""
    if not wants_push(event, options):
        return
    tenants: dict[Reference, dict[str, str]] = {}
    for folder, name, place in _all_places(subjects, event, options):
        tenants.setdefault(place, {})[folder] = name
    ours = {subject.folder for subject in subjects}
    for place, found in sorted(tenants.items(), key=lambda item: str(item[0])):
        if len(found) > 1 and ours & found.keys():
            raise _shared(place, found)


def _all_places(subjects: Sequence[Subject], event: Event, options: CiOptions) -> Iterator[tuple[str, str, Reference]]:
    """By folder and name: of the given ones, and of those around them that are locked, as far as they can be read."""
    given = {subject.folder: subject.project for subject in subjects}
    versions = {subject.name for subject in subjects if subject.project and subject.project.at}
    for folder, project in {**_around(subjects), **given}.items():
        if project is None or not project.lockfile.exists():
            continue
        try:
            spec = later.read_manifest(project)
            if spec.name in versions and not project.at:
                continue  # the same one, which has moved to another folder since
            place = place_of(spec.name, spec.image.repository, event, options)
        except EnvlockError:
            continue  # its own outcome says so
        if place:
            yield folder, spec.name, _as_one(_repository(place))


def _around(subjects: Sequence[Subject]) -> dict[str, Project]:
    """All environments of the work tree, by folder from its top."""
    root = next((found for subject in subjects if (found := _top(subject))), None)
    return {_folder(project.folder, root): project for project in all_projects(root)} if root else {}


def _top(subject: Subject) -> Path | None:
    project = subject.project
    return repository_root((project.home or project.folder).resolve()) if project else None


def _folder(folder: Path, root: Path) -> str:
    path = folder.resolve().relative_to(root).as_posix()
    return "" if path == "." else path


def _shared(place: Reference, found: Mapping[str, str]) -> UserInputError:
    names = [f"`{name}` ({folder or '.'})" for folder, name in sorted(found.items())]
    shown = f"{', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''}"
    return UserInputError(
        f"the images of {shown} go to one repository, `{place}`, where they would take each other's tags of"
        " branches, commits and versions",
        hint="`{name}` in `--repository` is the environment's: `registry.test/team/{name}`; or give each its own"
        " `[image] repository`",
    )


def _named(repository: str, name: str) -> str:
    text = repository.replace(NAME, name)
    if "{" in text or "}" in text:
        raise UserInputError(f"`--repository {repository}`: only `{NAME}` stands for something", hint=_HINT)
    return text


def _under_registry(repository: str, registry: str | None) -> str:
    """A repository without a registry is one of that which is given."""
    first, slash, _ = repository.partition("/")
    if registry is None or (slash and _is_registry(first)):
        return repository
    return f"{registry_host(registry)}/{repository}"


def _is_registry(host: str) -> bool:
    # without a dot or a port, Docker takes a word for a namespace of its hub
    try:
        return parse_reference(f"{host}/some/image").repository == "some/image"
    except ValueError:
        return False


def _checked(repository: str, given: str) -> str:
    """UserInputError for what is no repository, or one with a tag."""
    try:
        _repository(repository)
        if "@" in repository or ":" in repository.rpartition("/")[2]:
            raise ValueError("tags are envlock's to set")
    except ValueError as error:
        raise UserInputError(f"`{given}`: images cannot go to `{repository}`: {error}", hint=_HINT) from None
    return repository


def _as_one(place: Reference) -> Reference:
    """A repository in one of the ways that its registry can be written."""
    return replace(place, registry=host_of(place.registry).removesuffix(":443"))


def _repository(text: str) -> Reference:
    return replace(parse_reference(text), tag=None)
