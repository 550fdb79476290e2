"""An environment that is installed and committed, for runs to be recorded of: copies of it share their cache."""

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.index_server import WheelFolders, serve_index
from tests.support.processes import run
from tests.support.projects import Project, manifest_text, new_project
from tests.support.repository import History
from tests.support.tiny_wheels import write_wheel

WHO = {
    **dict.fromkeys(("GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME"), "Kim"),
    **dict.fromkeys(("GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"), "kim@acme.test"),
}
MONTHS = "refs/envlock/runs/"


def installed_once(factory: pytest.TempPathFactory) -> Project:
    """One for the tests of a module, made with a home of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(factory.mktemp("home")))
        return installed_project(factory.mktemp("recorded"))


def installed_project(root: Path, *git: str) -> Project:
    """With `train.py`, of three lines; `git` is more words for `git init`."""
    write_wheel(root / "wheels", "alpha")
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = manifest_text(pip=["alpha"], index=index.url)
        project = new_project(root / "project", text, cache=root / "cache", git=False)
        run(("git", "init", "--quiet", *git, project.folder))
        project.must("lock")
        project.must("install")
    (project.folder / "train.py").write_text("first = 1\nsecond = 2\nprint('trained')\n")
    (project.folder / ".gitignore").write_text("ignored\n")
    History(project.folder).commit("the first")
    return project.given(**WHO)


def copy_of(project: Project, folder: Path) -> Project:
    """The same in a folder of its own, with the same cache."""
    shutil.copytree(project.folder, folder, symlinks=True)
    return replace(project, folder=folder)


def recorded(project: Project, *words: str) -> list[dict[str, Any]]:
    """All runs that are recorded, the newest first."""
    return list(json.loads(project.must("runs", "--limit", "100000", "--json", *words)))


def git(project: Project, *words: str, **variables: str) -> str:
    """What git says in the project's folder."""
    return run(("git", *words), folder=project.folder, environment={**project.environment(), **variables}).strip()


def objects(project: Project) -> Mapping[str, str]:
    """Everything that is in the repository, reachable or not, by id."""
    listed = git(project, "cat-file", "--batch-all-objects", "--batch-check=%(objectname)").split()
    return {id: git(project, "cat-file", "-p", id) for id in listed}
