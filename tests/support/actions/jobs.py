"""Workflows: which jobs run, in which order, with which matrix and rights, and what comes of each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from tests.support.actions import templates
from tests.support.actions.contexts import github_context, runner_context
from tests.support.actions.expressions import Scope
from tests.support.actions.lexer import ExpressionError
from tests.support.actions.log import MASK, Remark
from tests.support.actions.machine import Cancellation, Host, Trigger
from tests.support.actions.rights import rights_of
from tests.support.actions.running import CANCELLED, FAILURE, SKIPPED, SUCCESS, Folders, RunningJob, StepResult, Steps
from tests.support.actions.steps import run_steps
from tests.support.actions.triggers import is_triggered
from tests.support.actions.values import truth
from tests.support.actions.written import Job, Workflow, read_workflow

_MOST_ROWS = 256


@dataclass(frozen=True, kw_only=True)
class JobResult:
    """One job, or one row of its matrix; `folders` are as it left them."""

    id: str
    result: str
    matrix: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, StepResult] = field(default_factory=dict)
    log: str = ""
    remarks: Sequence[Remark] = ()
    summary: str = ""
    folders: Folders | None = None


def run_workflow(
    host: Host, trigger: Trigger, text: str, cancellation: Cancellation | None = None
) -> dict[str, list[JobResult]]:
    """The results by job; nothing where the workflow is not for such an event."""
    workflow = read_workflow(text)
    if not is_triggered(workflow.triggers, trigger):
        return {}
    run = _Run(host, trigger, workflow, cancellation or Cancellation())
    for job in _in_order(workflow.jobs):
        run.results[job.id] = run.job(job)
    return run.results


def _in_order(jobs: Mapping[str, Job]) -> Iterator[Job]:
    done: set[str] = set()
    while len(done) < len(jobs):
        ready = [job for name, job in jobs.items() if name not in done and set(job.needs) <= done]
        if not ready:
            raise ExpressionError("The workflow must contain at least one job with no dependencies.")
        yield from ready
        done |= {job.id for job in ready}


class _Run:
    def __init__(self, host: Host, trigger: Trigger, workflow: Workflow, cancellation: Cancellation) -> None:
        self._host, self._trigger, self._workflow = host, trigger, workflow
        self._cancellation = cancellation
        self.results: dict[str, list[JobResult]] = {}

    def job(self, job: Job) -> list[JobResult]:
        scope = self._scope_before(job)
        if not templates.holds(job.condition, scope):
            return [JobResult(id=job.id, result=SKIPPED)]
        rows = _rows(templates.filled(job.strategy.get("matrix", {}), scope))
        stops = truth(templates.filled(job.strategy.get("fail-fast", True), scope))
        found: list[JobResult] = []
        for row in rows:
            failed = stops and any(each.result == FAILURE for each in found)
            found.append(JobResult(id=job.id, result=CANCELLED, matrix=row) if failed else self._row(job, row))
        return found

    def _before(self, job: Job) -> set[str]:
        """All that it waits for, near or far."""
        return set(job.needs) | {far for name in job.needs for far in self._before(self._workflow.jobs[name])}

    def _scope_before(self, job: Job) -> Scope:
        states = [_united(self.results[name]) for name in self._before(job)]
        is_cancelled = self._cancellation.is_asked
        folders = self._folders(job, 0)
        functions: dict[str, Callable[..., Any]] = {
            "always": lambda: True,
            "success": lambda: not is_cancelled and all(state == SUCCESS for state in states),
            "failure": lambda: not is_cancelled and FAILURE in states,
            "cancelled": lambda: is_cancelled,
        }
        contexts = {
            "github": self._github(job, folders),
            "needs": self._needs(job),
            "vars": self._host.variables,
            "inputs": self._trigger.payload.get("inputs") or {},
        }
        return Scope(contexts=contexts, functions=functions)

    def _needs(self, job: Job) -> dict[str, Any]:
        return {
            name: {
                "result": _united(self.results[name]),
                "outputs": {key: value for each in self.results[name] for key, value in each.outputs.items()},
            }
            for name in job.needs
        }

    def _folders(self, job: Job, number: int) -> Folders:
        """A new machine for each job."""
        runs = self._host.root / "runs"
        runs.mkdir(parents=True, exist_ok=True)
        place = runs / f"{len(list(runs.iterdir()))}-{job.id}-{number}"
        folders = Folders(root=place, tools=self._host.tools or place / "tools").made()
        for name, path in self._host.left.items():
            (folders.temp / name).parent.mkdir(parents=True, exist_ok=True)
            (folders.temp / name).symlink_to(path)
        return folders

    def _github(self, job: Job, folders: Folders) -> dict[str, Any]:
        return github_context(self._host, self._trigger, folders, job.id, self._workflow.name or "workflow")

    def _row(self, job: Job, row: Mapping[str, Any]) -> JobResult:
        folders = self._folders(job, 1)
        rights = rights_of(job.permissions, is_fork=self._trigger.is_fork)
        token = self._host.token(rights)
        secrets = {**({} if self._trigger.is_fork else self._host.secrets), "GITHUB_TOKEN": token}
        running = RunningJob(
            host=self._host,
            trigger=self._trigger,
            folders=folders,
            github={**self._github(job, folders), "token": token},
            contexts={
                "runner": runner_context(folders),
                "secrets": secrets,
                "vars": self._host.variables,
                "needs": self._needs(job),
                "matrix": row,
                "strategy": {"fail-fast": job.strategy.get("fail-fast", True)},
            },
            cancellation=self._cancellation,
        )
        for secret in secrets.values():
            running.log.mask(secret)
        return _ran(job, running, self._trigger.payload.get("inputs") or {})


def _ran(job: Job, running: RunningJob, inputs: Mapping[str, str]) -> JobResult:
    steps = Steps(job=running, github=running.github, inputs=inputs)
    running.environment.update(templates.texts(job.environment, steps.scope()))
    run_steps(job.steps, steps)
    result = CANCELLED if running.cancellation.is_asked else steps.status
    for post in reversed(running.posts):
        post(result)
    continues = truth(templates.filled(job.continues, steps.scope()))
    return JobResult(
        id=job.id,
        result=SUCCESS if result == FAILURE and continues else result,
        matrix=running.contexts["matrix"],
        outputs=_outputs(job, steps),
        steps=steps.results,
        log=running.log.text,
        remarks=tuple(running.log.remarks),
        summary="\n".join(running.summaries),
        folders=running.folders,
    )


def _outputs(job: Job, steps: Steps) -> dict[str, str]:
    """What holds a secret is handed to nobody."""
    log, found = steps.job.log, {}
    for name, value in templates.texts(job.outputs, steps.scope()).items():
        if log.masked(value) != value:
            log.remark("warning", f"Skip output '{name}' since it may contain secret.")
        elif value:
            found[name] = value
    assert MASK not in found.values()
    return found


def _united(results: Sequence[JobResult]) -> str:
    states = {each.result for each in results}
    return next((state for state in (FAILURE, CANCELLED, SUCCESS) if state in states), SKIPPED)


def _rows(matrix: Any) -> list[dict[str, Any]]:
    """Every combination but those excluded; an included one widens those that it agrees with, or is a new one."""
    if not isinstance(matrix, Mapping):
        raise ExpressionError("Error when evaluating 'strategy': A mapping was expected")
    axes = {name: values for name, values in matrix.items() if name not in ("include", "exclude")}
    combined: list[dict[str, Any]] = (
        [dict(zip(axes, each, strict=True)) for each in product(*axes.values())] if axes else []
    )
    excluded = matrix.get("exclude") or []
    rows = [row for row in combined if not any(each.items() <= row.items() for each in excluded)]
    rows += _included(rows, axes, matrix.get("include") or [])
    if not rows and matrix:
        raise ExpressionError("Matrix must define at least one vector")
    if len(rows) > _MOST_ROWS:
        raise ExpressionError(f"Matrix exceeded the maximum of {_MOST_ROWS} jobs")
    return rows or [{}]


def _included(rows: list[dict[str, Any]], axes: Mapping[str, Any], included: Any) -> list[dict[str, Any]]:
    new: list[dict[str, Any]] = []
    for each in included:
        fitting = [row for row in rows if all(row[name] == each[name] for name in axes if name in each)]
        for row in fitting:
            row.update({name: value for name, value in each.items() if name not in axes})
        if not fitting:
            new.append(dict(each))
    return new
