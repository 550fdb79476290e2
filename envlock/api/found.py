"""Environments that are there: of the work tree, of history, of other repositories."""

from pathlib import Path

from envlock.api.definition import Curated, InFolder, InHistory
from envlock.api.session import Session
from envlock.api.standing import Standing
from envlock.api.workspace import Workspace
from envlock.errors import UserInputError
from envlock.model.imported import Remark
from envlock.model.words import did_you_mean
from envlock.system.files import write_whole
from envlock.workflows.curated import curated_named, is_curated
from envlock.workflows.environment_at import environment_at
from envlock.workflows.label import labels
from envlock.workflows.list_environments import environments
from envlock.workflows.project import Project, all_projects, titles
from envlock.workflows.version_names import versions_of

_WHEELS = "wheels"
Found = tuple[Standing, str | None]


def found(workspace: Workspace | str, name: str, version: str | int | None, label: str | None) -> Found:
    """What `Environment.get` gives, and its registered version where it has one."""
    if version is not None and label is not None:
        raise UserInputError("`version` and `label` exclude each other", hint="give one of them")
    if is_curated(name) and not isinstance(workspace, str):
        return _curated(name, version if label is None else label, workspace)
    if isinstance(workspace, str):
        return _elsewhere(workspace, name, version if label is None else label)
    if version is not None:
        return _then(name, str(version), workspace)
    if label is not None:
        return _labelled(name, label, workspace)
    return Standing(InFolder(_project(name, workspace), workspace.session.context), workspace), None


def listed(workspace: Workspace) -> dict[str, Standing]:
    """All of the work tree, by name; by folder where several share one."""
    called = titles(all_projects(workspace.root), workspace.root)
    return {
        title: Standing(InFolder(project, workspace.session.context), workspace)
        for project, title in sorted(called.items(), key=lambda item: item[1])
    }


def registered(project: Project, session: Session) -> str | None:
    """The newest version, if that is what is locked now."""
    same = (each for each in environments(project.folder, session.cache) if each.name == project.name)
    return next((each.registered.version for each in same if each.registered and each.is_registered), None)


def at(word: str, start: Path, session: Session, workspace: Workspace | None = None) -> Found:
    """An environment by `NAME@X` or `URL#NAME@X`; from now on always that one, whatever X stands for tomorrow."""
    with session.context() as context:
        project = environment_at(word, start, context)
        assert project.at
        commit, asked, name = project.at.commit, project.at.version, project.name
        versions = versions_of(name, commit, project.home or start)
    version = asked if asked in versions else next(iter(versions), None)
    address, hash_, _ = word.rpartition("#")
    fixed = f"{address}{hash_}{name}@{version or commit}"
    return Standing(InHistory(fixed, start, session.context), workspace), version


def kept_wheel(workspace: Workspace, wheel: Path, *, exist_ok: bool) -> str:
    """A wheel in the repository, by its path."""
    try:
        content = wheel.read_bytes()
    except OSError as error:
        raise UserInputError(f"`{wheel}` cannot be read: {error.strerror}") from error
    place = workspace.root / _WHEELS / wheel.name
    if place.exists() and not (exist_ok and place.read_bytes() == content):
        raise UserInputError(f"`{place}` is there already", hint="another wheel has another version in its name")
    place.parent.mkdir(exist_ok=True)
    write_whole(place, content)
    return str(place)


def line(remark: Remark) -> str:
    """A remark as a person reads it."""
    where = f"{remark.file}:{remark.line}: " if remark.line else f"{remark.file}: " if remark.file else ""
    return f"{where}`{remark.what}`: {remark.why}"


def _project(name: str, workspace: Workspace) -> Project:
    projects = all_projects(workspace.root)
    same = [project for project in projects if project.name == name]
    if len(same) == 1:
        return same[0]
    if same:
        folders = ", ".join(f"`{project.folder.relative_to(workspace.root)}`" for project in same)
        raise UserInputError(f"several environments are named `{name}`: {folders}", hint="give each a name of its own")
    raise UserInputError(
        f"no environment `{name}` in `{workspace.root}`",
        hint=did_you_mean(name, [project.name for project in projects])
        or 'of one that is registered, give the version: `version="latest"`',
    )


def _curated(name: str, version: str | int | None, workspace: Workspace) -> Found:
    if version is not None:
        raise UserInputError(f"`{name}` comes with envlock, in one version: this one", hint="leave out the version")
    curated_named(name)
    return Standing(Curated(name, workspace.root, workspace.session.context), workspace), None


def _then(name: str, version: str, workspace: Workspace) -> Found:
    return at(f"{name}@{version}", workspace.root, workspace.session, workspace)


def _labelled(name: str, label: str, workspace: Workspace) -> Found:
    known = [state.label for state in labels(name, workspace.root) if state.commit]
    if label not in known:
        raise UserInputError(f"`{name}` has no label `{label}`", hint=did_you_mean(label, known))
    return _then(name, label, workspace)


def _elsewhere(address: str, name: str, version: str | int | None) -> Found:
    word = f"{address}#{name}" + (f"@{version}" if version is not None else "")
    return at(word, Path.cwd(), Session())
