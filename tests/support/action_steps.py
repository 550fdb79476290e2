"""The steps of action.yml that install envlock and keep what others install from, each run as its step does."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.cache import AMBIENT
from tests.support.processes import PROJECT, run

OWN = PROJECT / ".github" / "action"
NOTHING_RESTORED = {"ENVLOCK_ACTION_KEY": "new", "ENVLOCK_ACTION_RESTORED": "", "ENVLOCK_ACTION_FOUND": ""}


@dataclass(frozen=True, kw_only=True)
class Runner:
    """A machine of a job: its folder for temporary files, and what its steps see of the environment."""

    temporary: Path
    environment: Mapping[str, str]

    def step(self, script: str, **variables: str) -> dict[str, str]:
        """The outputs of a step that must succeed."""
        outputs = self.temporary / "outputs"
        outputs.write_text("")
        run([OWN / script], environment={**self.environment, "GITHUB_OUTPUT": str(outputs), **variables})
        return dict(line.split("=", 1) for line in outputs.read_text().splitlines())

    def installed(self) -> dict[str, str]:
        """What `place` says, after an installation where it asks for one."""
        placed = self.step("place")
        if placed["installed"] == "false":
            self.step("install", **given(placed))
        return placed


def given(placed: Mapping[str, str]) -> dict[str, str]:
    """What action.yml hands from one step to the next."""
    names = ("python", "requirements", "wheels", "home")
    return {f"ENVLOCK_ACTION_{name.upper()}": placed[name] for name in names}


def runner(folder: Path, *programs: Path, **variables: str) -> Runner:
    """One whose PATH has the folders of these programs before what any system has."""
    folder.mkdir(parents=True, exist_ok=True)
    path = os.pathsep.join([*(str(program.parent) for program in programs), "/usr/bin", "/bin"])
    ambient = {name: value for name, value in AMBIENT.items() if not name.startswith("ENVLOCK_")}
    return Runner(temporary=folder, environment={**ambient, "PATH": path, "RUNNER_TEMP": str(folder), **variables})
