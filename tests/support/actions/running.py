"""A job while it runs, and the scopes of its steps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.actions.expressions import Scope
from tests.support.actions.functions import hash_files
from tests.support.actions.log import Log
from tests.support.actions.machine import Cancellation, Host, Trigger
from tests.support.actions.values import CaseSensitive

SUCCESS, FAILURE, CANCELLED, SKIPPED = "success", "failure", "cancelled", "skipped"


@dataclass(frozen=True, kw_only=True)
class StepResult:
    """`outcome` is before `continue-on-error`, `conclusion` after it."""

    outcome: str
    conclusion: str
    outputs: Mapping[str, str] = field(default_factory=dict)

    def as_context(self) -> dict[str, Any]:
        return {"outputs": dict(self.outputs), "outcome": self.outcome, "conclusion": self.conclusion}


@dataclass(frozen=True, kw_only=True)
class Folders:
    """Of one job: `workspace` is GITHUB_WORKSPACE, `temp` is RUNNER_TEMP; `tools` outlives it."""

    root: Path
    tools: Path

    @property
    def workspace(self) -> Path:
        return self.root / "work" / "models" / "models"

    @property
    def temp(self) -> Path:
        return self.root / "work" / "_temp"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def made(self) -> "Folders":
        for folder in (self.workspace, self.temp, self.home, self.tools):
            folder.mkdir(parents=True, exist_ok=True)
        return self


@dataclass(kw_only=True)
class RunningJob:
    """`environment` is what GITHUB_ENV sets, too; `posts` is what used actions do at the end of the job."""

    host: Host
    trigger: Trigger
    folders: Folders
    github: Mapping[str, Any]
    contexts: Mapping[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    path: list[str] = field(default_factory=list)
    log: Log = field(default_factory=Log)
    summaries: list[str] = field(default_factory=list)
    posts: list[Callable[[str], None]] = field(default_factory=list)
    cancellation: Cancellation = field(default_factory=Cancellation)


@dataclass(kw_only=True)
class Steps:
    """Steps of a job or of a composite action that run one after another; `environment` is around all of them.

    `was_asked` is for those of a composite action: was the run cancelled already, when that action began?
    """

    job: RunningJob
    github: Mapping[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, str] = field(default_factory=dict)
    results: dict[str, StepResult] = field(default_factory=dict)
    status: str = SUCCESS
    was_asked: bool | None = None

    def scope(self, environment: Mapping[str, str] | None = None) -> Scope:
        """What their expressions may speak of."""
        known = {**self.job.environment, **self.environment, **(environment or {})}
        contexts = {
            **self.job.contexts,
            "github": self.github,
            "inputs": self.inputs,
            "env": CaseSensitive(known),
            "job": {"status": self._status()},
            "steps": {name: result.as_context() for name, result in self.results.items()},
        }
        return Scope(contexts=contexts, functions=self._functions())

    def _status(self) -> str:
        return CANCELLED if self.job.cancellation.is_asked else self.status

    def _functions(self) -> dict[str, Callable[..., Any]]:
        """Within a composite action, success and failure are those of its own steps."""
        workspace = self.job.folders.workspace
        status = self._status() if self.was_asked is None else self.status
        return {
            "always": lambda: True,
            "success": lambda: status == SUCCESS,
            "failure": lambda: status == FAILURE,
            "cancelled": lambda: self._status() == CANCELLED,
            "hashFiles": lambda *patterns: hash_files(workspace, *patterns),
        }
