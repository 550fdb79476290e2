"""The formats that `save` writes, by name: a function from an environment to the files of a folder."""

import posixpath
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from envlock.model.lock import Lock
from envlock.model.spec import EnvSpec
from envlock.model.words import listed
from envlock.workflows.context import Context
from envlock.workflows.project import LOCKFILE, Project
from envlock.workflows.saved_azureml import azureml
from envlock.workflows.saved_definition import Files, SavedFile, definition, git_ignores, walked_folders
from envlock.workflows.saved_names import ENVLOCK


@dataclass(frozen=True, slots=True, kw_only=True)
class Saving:
    """What is to be saved; `lock` is None where there is none."""

    spec: EnvSpec
    lock: Lock | None
    project: Project
    context: Context


@dataclass(frozen=True, slots=True, kw_only=True)
class Laid:
    """The files by their paths from the top of the folder; where in it env.toml's folder is; what was left out."""

    files: Mapping[str, SavedFile | bytes]
    environment: str = "."
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveFormat:
    """`write` lays the files out; `packages` says whether packages can lie beside them."""

    write: Callable[[Saving], Laid]
    packages: bool = False


def _as_it_is(saving: Saving) -> Laid:
    """env.toml, env.lock and what they name, as they lie to one another: below one folder, so that no path of them
    changes, and the lock answers as it did."""
    files = definition(saving.project)
    environment = _environment(files, saving)
    below = {posixpath.normpath(posixpath.join(environment, path)): file for path, file in files.items()}
    return Laid(files=below, environment=environment, notes=tuple(_notes(saving)))


def _environment(files: Files, saving: Saving) -> str:
    """Where env.toml's folder is below the folder that all files are in: "envs/train" where one is `../../x.toml`.

    Where all of that folder counts as copied, or as a project, it is laid one deeper: what `save` adds must not count.
    """
    folder = saving.project.folder.resolve()
    walked = walked_folders(saving.spec, folder)
    up = max((path.split("/").count("..") for path in {*files, *walked}), default=0)
    above = ("/".join([".."] * up) or ".") in walked
    parts = (*([saving.spec.name] if above else []), *folder.parts[len(folder.parts) - up :])
    return posixpath.join(*parts) if parts else "."


def _notes(saving: Saving) -> Iterator[str]:
    if saving.lock is None:
        yield f"there is no {LOCKFILE}: `envlock lock` in the folder chooses versions"
    debian = saving.spec.image.debian
    for address in (debian.mirror, debian.snapshot) if debian else ():
        if address and not address.startswith(("http:", "https:", "file:", "/")):
            yield f"the Debian archive `{address}` is not saved"
    ignored = sorted(git_ignores(saving.project.folder.resolve(), saving.spec))
    if ignored:
        named = listed(ignored)
        yield f"what git ignores is saved, as the Dockerfile may copy it: {named}; `.dockerignore` leaves it out"


def _azureml(saving: Saving) -> Laid:
    files, notes = azureml(saving.project, saving.context)
    return Laid(files=files, notes=notes)


FORMATS: Mapping[str, SaveFormat] = {
    ENVLOCK: SaveFormat(write=_as_it_is, packages=True),
    "azureml": SaveFormat(write=_azureml),
}
