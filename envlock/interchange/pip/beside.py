"""Files, folders and projects that a lock names by a path: whether they are there, and may be named by env.toml."""

from packaging.requirements import Requirement

from envlock.interchange.addresses import Surroundings
from envlock.interchange.pip.direct import as_path
from envlock.interchange.pip.pins import local_path
from envlock.interchange.pip.project_file import PROJECT_FILE, missing_extra, read_project_file, required
from envlock.interchange.source import Source
from envlock.model.spec import EditableProject


def beside(source: Source, text: str) -> str:
    """A path in a lock as env.toml writes it; ValueError where nothing is there, or it leaves the repository."""
    path = local_path(text)
    try:
        target = (source.path.parent.resolve() / path).resolve(strict=True)
    except (OSError, RuntimeError):  # a name that is too long, or a loop of symbolic links, is nowhere either
        raise ValueError(f"`{text}` is not there") from None
    root = Surroundings(source.into or source.path.parent).root
    if not target.is_relative_to(root):
        raise ValueError(f"`{text}` is outside the repository of env.toml")
    return path


def editable_project(source: Source, text: str, extras: tuple[str, ...] = ()) -> EditableProject:
    """A local project that is installed editable; ValueError where it cannot be."""
    path = beside(source, text)
    project = read_project_file(source.path.parent / path / PROJECT_FILE)
    needs = {each.text for each in required(project, extras)}
    findings = project.document.findings()
    if findings:
        raise ValueError(findings[0][0].said(findings[0][1]))
    missing = missing_extra(project, extras)
    if missing:
        raise ValueError(missing)
    if not project.name:
        raise ValueError(f"`{as_path(text)}/{PROJECT_FILE}` names no project")
    dependencies = tuple(sorted(str(Requirement(need)) for need in needs))
    return EditableProject(path=path, name=project.name, extras=extras, dependencies=dependencies)
