"""Local projects that `install` and `run` install editable: what of them makes a prefix another one."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from envlock.model.lock import Lock
from envlock.workflows.project import Project

# what says how a project is installed; all else of it is found where it is
_DECLARING = ("pyproject.toml", "setup.py", "setup.cfg")


def editable_folders(lock: Lock, project: Project) -> Iterator[tuple[str, Path]]:
    """The projects by name, and where each is."""
    for each in lock.inputs.editable:
        yield each.name, (project.folder / each.path).resolve()


def editable_identities(lock: Lock, project: Project) -> tuple[str, ...]:
    """A line for each project that differs where it would be installed otherwise."""
    return tuple(f"{name} {folder} {_declared(folder)}" for name, folder in editable_folders(lock, project))


def _declared(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in _DECLARING:
        path = folder / name
        digest.update(f"{name}\0".encode() + (path.read_bytes() if path.is_file() else b""))
    return digest.hexdigest()
