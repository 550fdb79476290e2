"""init --from an environment: its env.toml under another name, and its lock, as long as that answers it."""

import os
from dataclasses import dataclass
from pathlib import Path

from envlock.errors import UserInputError
from envlock.manifest.copied import NotEditable, copied, names_paths
from envlock.manifest.reader import LIMIT, read_manifest
from envlock.model.problem import Problem
from envlock.system.files import folder_for, repository_root, write_together
from envlock.system.text_file import display, read_text
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.check import check
from envlock.workflows.context import Context
from envlock.workflows.init import checked_name, suggested_name
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloned:
    """What was written, and why the lock does not answer, where it does not; `locked` is False where there is none."""

    project: Project
    written: tuple[Path, ...]
    locked: bool
    problems: tuple[Problem, ...]


def clone(origin: Project, folder: Path, name: str | None, context: Context) -> Cloned:
    """A new environment in `folder` that is what `origin` is, comments and all.

    UserInputError where there is an env.toml already, and where it names files that lie in another repository, or at
    another time: these are not here.
    """
    project = Project(folder.resolve())
    if project.manifest.exists():
        raise UserInputError(f"`{display(project.manifest)}` is here already", hint="edit it, or go to another folder")
    called = checked_name(name) if name else suggested_name(project.folder.name)
    with folder_for(project.folder, keep=True):
        return _cloned(origin, project, called, context)


def _cloned(origin: Project, project: Project, name: str, context: Context) -> Cloned:
    text = _text(origin, project, name)
    read_manifest(project.manifest, text)
    files = {project.manifest: text.encode()}
    if origin.lockfile.exists():
        files[project.lockfile] = origin.lockfile.read_bytes()
    files |= lacking_attributes((project.folder,), repository_root(project.folder))
    write_together(files)
    locked = origin.lockfile.exists()
    return Cloned(
        project=project,
        written=tuple(files),
        locked=locked,
        problems=check(project, context.cache) if locked else (),
    )


def lacks_files(origin: Project) -> UserInputError:
    return UserInputError(
        f"`{origin.title}` names files that lie beside it, which are not here",
        hint="`envlock save ENV DIR` takes them along, and `envlock load DIR --to FOLDER --name NAME` puts them here",
    )


def _text(origin: Project, project: Project, name: str) -> str:
    text = read_text(origin.manifest, limit=LIMIT, absent="`envlock list` lists what there is")
    foreign = origin.at is not None or repository_root(origin.folder) != repository_root(project.folder)
    if foreign and names_paths(text):
        raise lacks_files(origin)
    try:
        return copied(text, name, Path(os.path.relpath(origin.folder.resolve(), project.folder)).as_posix())
    except NotEditable:
        raise UserInputError(f"`{origin.title}` cannot be copied: its env.toml is too unusual") from None
