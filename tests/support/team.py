"""People with clones of one repository, which has the environment `train`, and a bare repository between them."""

import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from tests.support.locked_project import locked_project
from tests.support.processes import run_here
from tests.support.projects import Project, Result
from tests.support.repository import History, set_version


@dataclass(frozen=True, kw_only=True)
class Clone:
    """One person's work tree, and git in it."""

    project: Project
    history: History

    def git(self, *words: str | Path) -> str:
        return self.history.git(*words)

    def must(self, *words: str | Path) -> str:
        return self.project.must(*words)

    def call(self, *words: str | Path) -> Result:
        return self.project.call(*words)

    def another_lock(self, version: str) -> str:
        """Another version of a package, locked and committed; the commit in full."""
        set_version(self.project, "click", version)
        return self.history.commit(version)

    def tags(self) -> list[str]:
        return self.git("tag", "--list", "--sort=version:refname").split()

    def message(self, version: str) -> str:
        """What the tag of a version says."""
        return self.git("for-each-ref", "--format=%(contents)", f"refs/tags/env/train/{version}")

    def start(self, *words: str | Path) -> "subprocess.Popen[str]":
        """A call that runs while others do."""
        return subprocess.Popen(
            (*self.project.command, *words),
            cwd=self.project.folder,
            env=self.project.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )


def alone(folder: Path, *, form: str = "sha1") -> Clone:
    """Kim's repository, with one commit and no remote."""
    run_here("git", "init", "--quiet", "--initial-branch=main", f"--object-format={form}", folder)
    project = locked_project(folder / "train")
    clone = _of(replace(project, cache=folder.parent / "cache"), folder, "Kim")
    clone.history.commit("one")
    return clone


def team(root: Path, *others: str, form: str = "sha1") -> tuple[Clone, ...]:
    """Kim's clone, and those of the others, of `far.git` below a folder."""
    kim, far = alone(root / "Kim", form=form), root / "far.git"
    run_here("git", "clone", "--quiet", "--bare", kim.project.folder.parent, far)
    kim.git("remote", "add", "origin", far)
    kim.git("push", "--quiet", "--set-upstream", "origin", "main")
    return kim, *(joined(root, name) for name in others)


def joined(root: Path, name: str, *options: str) -> Clone:
    """One more clone, of somebody called so."""
    run_here("git", "clone", "--quiet", *options, (root / "far.git").as_uri(), root / name)
    project = Project(folder=root / name / "train", cache=root / "cache")
    return _of(project, root / name, name)


def _of(project: Project, folder: Path, name: str) -> Clone:
    for key, value in (("user.name", name), ("user.email", f"{name.lower()}@acme.test")):
        run_here("git", "-C", folder, "config", key, value)
    return Clone(project=project, history=History(folder, words=()))
