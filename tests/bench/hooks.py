"""Hooks: what pre-commit takes longer for ours than for one that does nothing, and what git waits for."""

import os
import shutil
import sysconfig
from pathlib import Path

import yaml

from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.locked_project import locked_project
from tests.support.processes import PROJECT, run
from tests.support.projects import ENVLOCK, Project

CHECK, EMPTY, COMMAND = "envlock-check-system", "nothing", "true"
NOTHING = {"id": EMPTY, "name": EMPTY, "entry": COMMAND, "language": "system", "always_run": True}


def hooks(place: Place) -> Scenario:
    root = place.folder / "hooks"
    project = locked_project(root / "train", git=True)
    variables = _variables(project, root / "pre-commit")
    _configure(project.folder, _hooks_repository(root / "repository"))
    run(("git", "add", "--all"), folder=project.folder)
    program = str(Path(sysconfig.get_path("scripts"), "pre-commit"))

    def step(*words: str) -> Step:
        return Step(command=words, folder=project.folder, variables=variables)

    steps = {
        "pre-commit run envlock-check": step(program, "run", CHECK),
        "pre-commit run, of nothing": step(program, "run", EMPTY),
        "post-checkout": step(str(ENVLOCK), "git-hook", "post-checkout", "a", "b", "1"),
        "post-merge": step(str(ENVLOCK), "git-hook", "post-merge", "0"),
        "textconv": step(str(ENVLOCK), "textconv", "env.lock"),
    }
    return Scenario(
        does="what git's hooks and pre-commit's take where all is well",
        subjects=tuple(_always(name, step) for name, step in steps.items()),
        limits=(
            Limit(subject="pre-commit run envlock-check", beyond="pre-commit run, of nothing", at_most=0.15),
            Limit(subject="post-checkout", at_most=0.15),
            Limit(subject="post-merge", at_most=0.15),
        ),
    )


def _always(name: str, step: Step) -> Subject:
    return Subject(name=name, ready=lambda: [step])


def _variables(project: Project, home: Path) -> dict[str, str]:
    path = f"{ENVLOCK.parent}{os.pathsep}{os.environ['PATH']}"
    return {**project.environment(), "PRE_COMMIT_HOME": str(home), "PATH": path}


def _hooks_repository(folder: Path) -> Path:
    """Our hooks, and one that does nothing."""
    folder.mkdir()
    shutil.copy(PROJECT / ".pre-commit-hooks.yaml", folder)
    with (folder / ".pre-commit-hooks.yaml").open("a") as manifest:
        manifest.write(f"\n{yaml.safe_dump([NOTHING])}")
    run(("git", "init", "--quiet", folder))
    run(("git", "add", "--all"), folder=folder)
    who = ("git", "-c", "user.name=Kim", "-c", "user.email=kim@acme.test")
    run((*who, "commit", "--quiet", "--no-verify", "-m", "hooks"), folder=folder)
    return folder


def _configure(folder: Path, repository: Path) -> None:
    commit = run(("git", "rev-parse", "HEAD"), folder=repository).strip()
    found = {"repos": [{"repo": str(repository), "rev": commit, "hooks": [{"id": CHECK}, {"id": EMPTY}]}]}
    (folder / ".pre-commit-config.yaml").write_text(yaml.safe_dump(found))
