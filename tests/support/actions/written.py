"""action.yml and workflow files as values; what their schemas do not know is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.actions.values import to_text

_STEP = frozenset(("id", "name", "if", "uses", "with", "run", "env", "shell", "working-directory", "continue-on-error"))
_JOB_STEP = _STEP | {"timeout-minutes"}
_JOB = frozenset(
    (
        *("name", "needs", "if", "runs-on", "permissions", "env", "defaults", "outputs", "strategy", "steps"),
        *("timeout-minutes", "continue-on-error", "concurrency", "environment"),
    )
)
_WORKFLOW = frozenset(("name", "run-name", "on", "permissions", "env", "defaults", "concurrency", "jobs"))
_ACTION = frozenset(("name", "author", "description", "inputs", "outputs", "runs", "branding"))


class WrittenError(Exception):
    """A file that the runner would refuse before anything of it runs."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """`uses` or `run` is None."""

    id: str
    name: str
    condition: Any = None
    uses: str | None = None
    run: str | None = None
    given: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, Any] = field(default_factory=dict)
    shell: str | None = None
    folder: str | None = None
    continues: Any = False
    minutes: Any = 360


@dataclass(frozen=True, kw_only=True)
class Action:
    """A composite action; `inputs` are the defaults by name."""

    folder: Path
    inputs: Mapping[str, Any]
    outputs: Mapping[str, Any]
    steps: Sequence[Step]


@dataclass(frozen=True, kw_only=True)
class Job:
    id: str
    steps: Sequence[Step]
    needs: Sequence[str] = ()
    condition: Any = None
    permissions: Any = None
    environment: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    strategy: Mapping[str, Any] = field(default_factory=dict)
    continues: Any = False


@dataclass(frozen=True, kw_only=True)
class Workflow:
    name: str
    triggers: Mapping[str, Any]
    permissions: Any
    environment: Mapping[str, Any]
    jobs: Mapping[str, Job]


def read_action(folder: Path) -> Action:
    path = next((folder / n for n in ("action.yml", "action.yaml") if (folder / n).is_file()), None)
    if path is None:
        raise WrittenError(f"Can't find 'action.yml', 'action.yaml' or 'Dockerfile' under '{folder}'.")
    whole = _read(path.read_text(), _ACTION)
    runs = whole.get("runs") or {}
    if runs.get("using") != "composite":
        raise WrittenError(f"{path}: only composite actions are run, not {runs.get('using')!r}")
    return Action(
        folder=folder,
        inputs={name: (each or {}).get("default", "") for name, each in (whole.get("inputs") or {}).items()},
        outputs={name: each["value"] for name, each in (whole.get("outputs") or {}).items()},
        steps=_steps(runs["steps"], _STEP, {}, needs_shell=True),
    )


def read_workflow(text: str) -> Workflow:
    whole = _read(text, _WORKFLOW)
    return Workflow(
        name=whole.get("name", ""),
        triggers=_triggers(whole["on"]),
        permissions=whole.get("permissions"),
        environment=whole.get("env") or {},
        jobs={name: _job(name, each, whole) for name, each in whole["jobs"].items()},
    )


def _read(text: str, known: frozenset[str]) -> dict[str, Any]:
    whole = YAML(typ="safe", pure=True).load(text)  # of YAML 1.2, where `on` is a word
    _require(whole, known, "the file")
    return dict(whole)


def _require(written: Any, known: frozenset[str], where: str) -> None:
    if not isinstance(written, dict):
        raise WrittenError(f"{where}: A mapping was expected")
    for name in written:
        if name not in known:
            raise WrittenError(f"{where}: Unexpected value '{name}'")


def _triggers(written: Any) -> dict[str, Any]:
    if isinstance(written, str):
        return {written: None}
    return dict.fromkeys(written) if isinstance(written, list) else dict(written)


def _job(name: str, written: Any, workflow: Mapping[str, Any]) -> Job:
    _require(written, _JOB, name)
    needs = written.get("needs") or []
    return Job(
        id=name,
        steps=_steps(written["steps"], _JOB_STEP, {**_defaults(workflow), **_defaults(written)}),
        needs=[needs] if isinstance(needs, str) else needs,
        condition=written.get("if"),
        permissions=written.get("permissions", workflow.get("permissions")),
        environment={**(workflow.get("env") or {}), **(written.get("env") or {})},
        outputs=written.get("outputs") or {},
        strategy=written.get("strategy") or {},
        continues=written.get("continue-on-error", False),
    )


def _defaults(written: Mapping[str, Any]) -> dict[str, Any]:
    return dict((written.get("defaults") or {}).get("run") or {})


def _steps(
    written: Any, known: frozenset[str], defaults: Mapping[str, Any], *, needs_shell: bool = False
) -> list[Step]:
    steps = [_step(each, known, defaults, number) for number, each in enumerate(written)]
    ids = [step.id for step in steps]
    for step in steps:
        if ids.count(step.id) > 1:
            raise WrittenError(f"The identifier '{step.id}' may not be used more than once within the same scope.")
        if needs_shell and step.run is not None and not step.shell:
            raise WrittenError(f"{step.name}: Required property is missing: shell")
    return steps


def _step(written: Any, known: frozenset[str], defaults: Mapping[str, Any], number: int) -> Step:
    _require(written, known, f"step {number + 1}")
    uses, run = (to_text(written[kind]) if kind in written else None for kind in ("uses", "run"))
    if (uses is None) == (run is None):
        raise WrittenError(f"step {number + 1}: one of `uses` and `run` is wanted")
    return Step(
        id=written.get("id", f"__{number}"),  # of these no expression can speak
        name=str(written.get("name") or f"Run {(uses or run or '').partition(chr(10))[0]}"),
        condition=written.get("if"),
        uses=uses,
        run=run,
        given=written.get("with") or {},
        environment=written.get("env") or {},
        shell=written.get("shell", defaults.get("shell")),
        folder=written.get("working-directory", defaults.get("working-directory")),
        continues=written.get("continue-on-error", False),
        minutes=written.get("timeout-minutes", 360),
    )
