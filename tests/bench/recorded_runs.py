"""What recording adds to a command, in a work tree of some size with many runs, and what it takes to list these."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from envlock.model.run import Run, message_of
from tests.bench.environments import Environment
from tests.bench.measure import Step
from tests.bench.place import Place
from tests.bench.scenario import Limit, Scenario, Subject
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.recorded_project import MONTHS, installed_project
from tests.support.repository import History

RUNS, FILES = 10_000, 2_000
COMMAND = ("sh", "-c", "sleep 0.3")  # longer than what is loaded meanwhile takes


def runs(place: Place) -> Scenario:
    environment = Environment(_project(place))
    plain, recorded = "run --no-record", "run"
    steps = {
        plain: environment.envlock("run", "--no-record", *COMMAND),
        recorded: environment.envlock("run", *COMMAND),
        "runs --limit 20": environment.envlock("runs", "--limit", "20"),
    }
    return Scenario(
        does=f"envlock run with and without a record, among {FILES} files and {RUNS} runs, and envlock runs",
        subjects=tuple(Subject(name=name, ready=partial(_steps, step)) for name, step in steps.items()),
        limits=(
            Limit(subject=recorded, beyond=plain, at_most=0.05),
            Limit(subject="runs --limit 20", at_most=0.3),
        ),
    )


def _steps(step: Step) -> Sequence[Step]:
    return [step]


def _project(place: Place) -> Project:
    root = place.folder / "recorded-runs"
    shutil.rmtree(root, ignore_errors=True)
    project = installed_project(root)
    for number in range(FILES // 100 if place.small else FILES):
        file = project.folder / "data" / str(number % 100) / str(number)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{number}\n")
    History(project.folder).commit()
    (root / "runs").write_bytes(b"".join(_commits(RUNS // 100 if place.small else RUNS)))
    run(("sh", "-c", 'exec git fast-import --quiet < "$0"', root / "runs"), folder=project.folder)
    return project


def _commits(count: int) -> Iterator[bytes]:
    """Of this month, as `git fast-import` takes them."""
    now = datetime.now(UTC).replace(microsecond=0)
    one = Run(
        command=("python", "train.py"),
        start=now,
        end=now,
        exit_code=0,
        name="small",
        lock_hash="07" * 32,
        platform="linux-64",
        commit="88ad0118c1" * 4,
        dirty=False,
    )
    for number in range(count):
        told = message_of(replace(one, command=("python", "train.py", "--seed", str(number)))).encode()
        time = f"Kim <kim@acme.test> {int(now.timestamp()) - count + number} +0000"
        yield f"commit {MONTHS}{now:%Y-%m}\ncommitter {time}\ndata {len(told)}\n".encode() + told + b"\n"
