"""Which environment is meant: a folder with env.toml, by name, by path, or because it is the only one."""

import os
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from envlock.errors import EnvlockError, NothingHere, UserInputError
from envlock.model.version import At
from envlock.system.files import repository_root
from envlock.system.saved_folder import environment_in
from envlock.workflows import later, later_history

if TYPE_CHECKING:
    from envlock.manifest.workspace import Workspace
    from envlock.workflows.context import Context

MANIFEST = "env.toml"
LOCKFILE = "env.lock"
# how environments that come with envlock are called: by names that none of a repository has, and as if by a path
CURATED = ("envlock-", "curated/")

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|-|[A-Za-z0-9]+::|(?!\S+@git:)(?:[\w.-]+@)?[\w.-]+:|\.{0,2}/|~")


@dataclass(frozen=True, slots=True)
class Project:
    """An environment as a folder; `at` says of which point of history its files are, where they are not those of the
    work tree: such a folder lies in the cache, and nothing in it is changed. `home` is the top of its repository then,
    or git's own folder where there is no work tree."""

    folder: Path
    at: At | None = None
    home: Path | None = None

    @property
    def manifest(self) -> Path:
        return self.folder / MANIFEST

    @property
    def lockfile(self) -> Path:
        return self.folder / LOCKFILE

    @property
    def name(self) -> str:
        """The key `name`, or the folder's name, also where the manifest cannot be read."""
        try:
            return later.read_manifest(self).name
        except EnvlockError:
            return self.folder.name

    @property
    def title(self) -> str:
        """What it is called beside others: `train`, `train@3`."""
        return self.titled(self.name)

    def titled(self, name: str) -> str:
        if self.at is None:
            return name
        where = f"{self.at.origin}#" if self.at.origin else ""
        return f"{where}{name}@{self.at.version}"


def find_project(env: str | None, start: Path) -> Project:
    """The environment `env` (a name, a folder, an env.toml), or without it the one around `start`, or the only one."""
    start = start.resolve()
    if env is not None and is_elsewhere(env, start):
        raise UserInputError(
            f"`{env}` is what was, or is elsewhere: it can be looked at, installed and built, and not changed here",
            hint="name an environment of the work tree",
        )
    if env is not None:
        return _at_path(start / env) or _named(env, start)
    return _around(start) or _saved(start) or _only_one(start)


def environment_named(env: str | None, start: Path, context: "Context", *, locked: bool = True) -> Project:
    """As `find_project`, also of another time or repository: for those who only read it, while the context lasts.
    What is of another time must have been `locked` then."""
    if env is not None and is_elsewhere(env, start):
        return later_history.environment_at(env, start.resolve(), context, locked=locked)
    return find_project(env, start)


def is_elsewhere(env: str, start: Path) -> bool:
    """Does a word mean an environment of another time or repository: `NAME@X`, `URL#NAME`?"""
    return ("@" in env or "#" in env) and not (start / env).exists()


def is_in_other_repository(env: str, start: Path) -> bool:
    """Is it `URL#NAME`, where a branch may have a `#` in its name, too?"""
    address, _, asked = env.partition("#")
    is_address = bool(_ADDRESS.match(address)) or address in (".", "..") or (start / address).is_dir()
    return bool(asked) and is_address and not (start / env).exists()


def all_projects(start: Path) -> tuple[Project, ...]:
    """Every environment of the repository around `start`, sorted by path; outside git, that of `start` alone."""
    root = repository_root(start)
    folders = _discover(root) if root else [start] if (start / MANIFEST).is_file() else []
    return tuple(Project(folder) for folder in folders)


def every_project(start: Path) -> tuple[Project, ...]:
    """As `all_projects`; UserInputError where there is none."""
    start = start.resolve()
    return all_projects(start) or (_only_one(start),)


def titles(projects: Iterable[Project], start: Path) -> dict[Project, str]:
    """What means each of some environments, and no other, on a command line: its name, or where several share one,
    its path."""
    names = {project: project.title for project in projects}
    shared = Counter(names.values())
    return {
        project: name if shared[name] == 1 or project.at else Path(os.path.relpath(project.folder, start)).as_posix()
        for project, name in names.items()
    }


def _at_path(path: Path) -> Project | None:
    if path.name == MANIFEST and path.is_file():
        return Project(path.parent.resolve())
    return Project(path.resolve()) if (path / MANIFEST).is_file() else _saved(path)


def _saved(folder: Path) -> Project | None:
    """The environment of a saved folder: further in, where it names files that lie above it."""
    inside = None if (folder / MANIFEST).is_file() else environment_in(folder)
    return Project(inside.resolve()) if inside and (inside / MANIFEST).is_file() else None


def is_environment(folder: Path) -> bool:
    """Is there env.toml in a folder, or a saved environment?"""
    return _at_path(folder) is not None


def _around(start: Path) -> Project | None:
    """In `start` or, inside a repository, in the nearest folder above."""
    root = repository_root(start)
    folders = [start, *start.parents]
    within = folders[: folders.index(root) + 1] if root else [start]
    found = next((folder for folder in within if (folder / MANIFEST).is_file()), None)
    workspace = _workspace(found) if found and found == root else None
    return Project(found) if found and not (workspace and workspace.alone) else None


def _named(name: str, start: Path) -> Project:
    near = _around(start)
    if near and near.name == name:
        return near
    projects = all_projects(start)
    found = [project for project in projects if _may_be(project, name) and project.name == name]
    if len(found) == 1:
        return found[0]
    if found:
        raise UserInputError(
            f"several environments are named `{name}`\n{_listed(found, start)}", hint="give the path of one"
        )
    raise UserInputError(
        f"no environment `{name}`, and no folder of that name with env.toml\n{_listed(projects, start)}".rstrip(),
        hint="`envlock init` starts one",
    )


def _may_be(project: Project, name: str) -> bool:
    """False only where it has another name: reading the manifests of hundreds to find one would take long."""
    try:
        text = project.manifest.read_bytes()
    except OSError:
        return True  # the reader says it better
    return project.folder.name == name or name.encode() in text or b"\\" in text


def _only_one(start: Path) -> Project:
    projects = all_projects(start)
    if len(projects) == 1:
        return projects[0]
    if projects:
        raise UserInputError(f"several environments are here: which one?\n{_listed(projects, start)}", hint="name one")
    where = "in this folder, above it or elsewhere in its repository" if repository_root(start) else "in this folder"
    raise NothingHere(f"no env.toml {where}", hint="`envlock init` writes one")


def _listed(projects: Iterable[Project], start: Path) -> str:
    root = repository_root(start) or start
    return "\n".join(f"  {p.name}  {p.folder.relative_to(root) / MANIFEST}" for p in projects)


def _discover(root: Path) -> list[Path]:
    """The folders with env.toml, but for those that the root's `[workspace]` excludes."""
    folders, workspace = later_history.folders_with(MANIFEST, root), _workspace(root)
    alone = [root] if workspace and workspace.alone else []
    return [
        folder
        for folder in folders
        if folder not in alone and not (workspace and workspace.excludes(folder.relative_to(root)))
    ]


def _workspace(root: Path) -> "Workspace | None":
    """What the env.toml in a repository's root says of the repository; None, mostly, where it says nothing."""
    try:
        says = b"workspace" in (root / MANIFEST).read_bytes()
    except OSError:
        return None
    return later.read_workspace(root / MANIFEST) if says else None
