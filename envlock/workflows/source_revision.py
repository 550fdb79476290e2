"""Where in git an environment is: for what tells of a build, never for what decides it."""

from pathlib import Path

from envlock.errors import EnvlockError
from envlock.history.around import repository_around
from envlock.interchange.exports.provenance import Revision
from envlock.model.version import At
from envlock.system.files import repository_root
from envlock.workflows.context import Context
from envlock.workflows.project import Project


def revision_of(project: Project, context: Context) -> Revision | None:
    """None outside git, before the first commit, and where the repository cannot be read, which is said."""
    if repository_root(project.folder) is None:
        return None
    try:
        if project.at and project.home:
            return Revision(commit=project.at.commit, origin=_origin(project.at, project.home))
        repository = repository_around(project.folder)
        commit = repository.commit_of("HEAD") if repository else None
        if repository is None or commit is None:
            return None
        files = (project.manifest, project.lockfile)
        dirty = any(not repository.is_committed(file) for file in files)
        return Revision(commit=commit, origin=repository.remotes().get("origin"), dirty=dirty)
    except EnvlockError as error:
        context.warn(f"the provenance names no commit: {error.message}")
        return None


def _origin(at: At, home: Path) -> str | None:
    """The address that a commit was fetched from, or that of the repository here."""
    if at.origin and ":" in at.origin:
        return at.origin
    repository = repository_around(home)
    return repository.remotes().get("origin") if repository else None
