"""The solvers alone: exactly the commands that `envlock lock --upgrade` runs, and nothing around them."""

import json
from collections.abc import Sequence
from pathlib import Path

from envlock.solvers.conda_rattler import question
from envlock.solvers.pip_uv import prepared
from envlock.sources.places import Sources
from envlock.system.conda.child import command
from envlock.system.process import scrubbed
from envlock.workflows import later
from envlock.workflows.conda_extras import provided_by
from envlock.workflows.pip_request import pip_request, python_of
from envlock.workflows.solve_conda import conda_request
from envlock.workflows.task import PlatformTask
from tests.bench.environments import Environment
from tests.bench.measure import Step
from tests.support.processes import PROJECT


def solver_steps(environment: Environment, folder: Path) -> Sequence[Step]:
    """In an empty folder, as envlock does it: without pins to prefer, with the caches that envlock filled."""
    folder.mkdir()
    task = _task(environment)
    return [step for step in (_conda(task, environment, folder), _pip(task, environment, folder)) if step]


def _task(environment: Environment) -> PlatformTask:
    spec = later.read_manifest(environment.project)
    return PlatformTask(
        spec=spec,
        name=environment.locked.platform,
        project=environment.project,
        sources=Sources.of(spec.conda.channels, spec.pip.indexes, environment.made.folder),
        context=environment.context,
    )


def _conda(task: PlatformTask, environment: Environment, folder: Path) -> Step | None:
    if not task.spec.has_conda:
        return None
    asked = folder / "question.json"
    asked.write_text(json.dumps(question([conda_request(task)])))
    words, variables = command("solve", folder / "answer.json"), scrubbed(PYTHONPATH=str(PROJECT))
    return Step(command=words, folder=folder, variables=variables, stdin=asked)


def _pip(task: PlatformTask, environment: Environment, folder: Path) -> Step:
    locked = environment.locked
    python = python_of(locked.conda, locked.base)
    assert python
    request = pip_request(task, python=python, provided=provided_by(task, locked.conda), keep=())
    return Step(command=prepared(request, folder), folder=folder, variables=scrubbed())
