"""init: a new env.toml, and what git should know of it and its env.lock."""

import os
from dataclasses import replace
from pathlib import Path

from envlock.errors import EnvlockError, UserInputError
from envlock.manifest.editor import new_manifest
from envlock.manifest.names import environment_name
from envlock.manifest.reader import read_manifest
from envlock.manifest.schema import ADDRESS, FILE
from envlock.model.spec import EnvSpec
from envlock.system.files import repository_root, write_together, write_whole
from envlock.workflows.attributes import lacking_attributes
from envlock.workflows.project import Project


def init(folder: Path, spec: EnvSpec) -> tuple[Path, ...]:
    """Writes env.toml for `spec` and completes .gitattributes; the files written. Without a name, it is the folder's.

    An env.toml that is there is never written over, and one that would not be valid is not left behind.
    """
    project = Project(folder)
    if project.manifest.exists():
        raise UserInputError(f"`{project.manifest.name}` is here already", hint="edit it, or go to another folder")
    attributes = lacking_attributes((folder.resolve(),), repository_root(folder.resolve()))
    named = replace(spec, name=checked_name(spec.name) if spec.name else suggested_name(folder.resolve().name))
    write_whole(project.manifest, new_manifest(named, schema_address(project.folder)).encode())
    try:
        read_manifest(project.manifest)
    except EnvlockError:
        project.manifest.unlink()
        raise
    write_together(attributes)
    return (project.manifest, *attributes)


def schema_address(folder: Path) -> str:
    """Where editors find the schema of an env.toml in `folder`: in a file at the top of its repository, if there is
    one."""
    folder = folder.resolve()
    file = (repository_root(folder) or folder) / FILE
    return Path(os.path.relpath(file, folder)).as_posix() if file.is_file() else ADDRESS


def checked_name(name: str) -> str:
    """A name that a person gives; UserInputError where it cannot be an environment's."""
    try:
        return environment_name(name)
    except ValueError as error:
        raise UserInputError(f"`{name}` cannot be an environment's name: {error}") from None


def suggested_name(folder: str) -> str:
    """A folder's name as that of the environment in it; UserInputError where it cannot be."""
    try:
        return environment_name(folder)
    except ValueError:
        raise UserInputError(
            f"`{folder}`, this folder's name, cannot be an environment's", hint="give one: `envlock init NAME`"
        ) from None
