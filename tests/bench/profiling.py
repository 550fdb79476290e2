"""Where the time of a scenario goes: `envlock`'s own calls, once with a profile and once with the times of imports."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from tests.bench.measure import Step
from tests.bench.scenario import Scenario
from tests.support.processes import PROJECT
from tests.support.projects import ENVLOCK

IMPORTS_SHOWN = 25


def profiles(scenario: Scenario, folder: Path) -> Iterator[str]:
    """A text for each subject that calls `envlock`; the first calls warm up and are not shown."""
    for subject in scenario.subjects:
        steps = subject.ready()
        if [step.command[0] for step in steps] != [ENVLOCK]:
            continue
        _run(steps[0])
        yield f"==== {subject.name}: profile\n{_profiled(subject.ready()[0], folder / 'profile.txt')}"
        yield f"==== {subject.name}: imports, the longest\n{_imports(subject.ready()[0])}"


def _run(step: Step) -> str:
    """What a call said on its standard error."""
    done = subprocess.run(step.command, cwd=step.folder, env=step.variables, capture_output=True, text=True, check=True)
    return done.stderr


def _profiled(step: Step, output: Path) -> str:
    program = (sys.executable, "-P", "-m", "tests.bench.profiled", str(output))
    variables = {**step.variables, "PYTHONPATH": str(PROJECT)}
    _run(replace(step, command=(*program, *step.command[1:]), variables=variables))
    return output.read_text()


def _imports(step: Step) -> str:
    said = _run(replace(step, command=(sys.executable, "-P", "-X", "importtime", *step.command)))
    lines = [line for line in said.splitlines() if line.startswith("import time:") and "cumulative" not in line]
    longest = sorted(lines, key=lambda line: -int(line.split("|")[1]))
    return "\n".join(longest[:IMPORTS_SHOWN])
