"""Steps one after another: those of a job, and those of a composite action, which is a step itself."""

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tests.support.actions import templates
from tests.support.actions.contexts import variables
from tests.support.actions.expressions import Scope
from tests.support.actions.file_commands import FileCommandError, pairs, paths
from tests.support.actions.lexer import ExpressionError
from tests.support.actions.running import CANCELLED, FAILURE, SKIPPED, SUCCESS, StepResult, Steps
from tests.support.actions.scripts import Ended, Script, ScriptError, run_script
from tests.support.actions.used import USED, UsedError, UsedStep
from tests.support.actions.values import truth
from tests.support.actions.written import Action, Step, WrittenError, read_action

_SUMMARY_LIMIT = 1024 << 10
_FILES = ("output", "env", "path", "state", "step_summary")


def run_steps(written: Sequence[Step], steps: Steps) -> None:
    """All of them; each one's `if` says whether it runs after a failure."""
    for step in written:
        result = _run_step(step, steps)
        steps.results[step.id] = result
        if result.conclusion in (FAILURE, CANCELLED):
            steps.status = result.conclusion


def _run_step(step: Step, steps: Steps) -> StepResult:
    log, outputs = steps.job.log, dict[str, str]()
    environment: dict[str, str] = {}
    try:
        environment = templates.texts(step.environment, steps.scope())
        scope = steps.scope(environment)
        if not templates.holds(step.condition, scope):
            return StepResult(outcome=SKIPPED, conclusion=SKIPPED)
        log.say(f"##[group]{templates.text(step.name, scope)}")
        was_asked = _was_asked(steps)
        outcome = _KINDS[step.run is None](step, steps, environment, outputs)
        if steps.job.cancellation.is_asked and not was_asked:
            outcome = CANCELLED
        continues = truth(templates.filled(step.continues, scope))
    except (ExpressionError, WrittenError, UsedError, ScriptError) as error:
        log.remark("error", str(error))
        outcome, continues = FAILURE, step.continues is True
    conclusion = SUCCESS if outcome == FAILURE and continues else outcome
    return StepResult(outcome=outcome, conclusion=conclusion, outputs=outputs)


def _was_asked(steps: Steps) -> bool:
    """Where a composite action is told of cancelling, all that it starts from then on is told at once, whatever its
    `if`: an `always()` in it cleans up after failures, and not after this."""
    return steps.job.cancellation.is_asked if steps.was_asked is None else steps.was_asked


def _script(step: Step, steps: Steps, environment: Mapping[str, str], outputs: dict[str, str]) -> str:
    job, scope = steps.job, steps.scope(environment)
    files = _new_files(job.folders.temp)
    github = {**steps.github, "action": step.id, **{name: str(path) for name, path in files.items()}}
    folder = job.folders.workspace / (templates.text(step.folder, scope) if step.folder else "")
    known = {**job.environment, **steps.environment, **environment}
    if not folder.is_dir():
        raise ScriptError(f"An error occurred trying to start process with working directory '{folder}'.")
    script = Script(
        text=templates.text(step.run, scope),
        shell=templates.text(step.shell, scope) if step.shell else None,
        folder=folder,
        variables=variables(job, github, known),
        seconds=60 * float(templates.text(step.minutes, scope)),
    )
    ended = run_script(script, job, was_asked=_was_asked(steps))
    heard = _heard(ended, steps, outputs)
    return SUCCESS if _took(files, steps, outputs) and heard else FAILURE


def _heard(ended: Ended, steps: Steps, outputs: dict[str, str]) -> bool:
    """The runner reads two pipes, and of what is there follows the lines of stderr first: so do we, always."""
    log = steps.job.log
    heard = [log.heard(printed, outputs) for printed in (ended.stderr, ended.stdout) if printed]
    log.forget_token()
    if ended.timed_out:
        log.remark("error", "The action has timed out.")
    elif ended.code:
        log.remark("error", f"Process completed with exit code {ended.code}.")
    return all(heard) and not ended.code and not ended.timed_out


def _new_files(temp: Path) -> dict[str, Path]:
    folder = temp / "_runner_file_commands"
    folder.mkdir(exist_ok=True)
    suffix = uuid.uuid4()
    files = {name: folder / f"{name}_{suffix}" for name in _FILES}
    for path in files.values():
        path.touch()
    return files


def _took(files: Mapping[str, Path], steps: Steps, outputs: dict[str, str]) -> bool:
    """Follows what a step has written for its runner; each file that cannot be understood fails it."""
    return all([_took_one(name, path, steps, outputs) for name, path in files.items()])


def _took_one(name: str, path: Path, steps: Steps, outputs: dict[str, str]) -> bool:
    try:
        if path.exists():
            _TAKE[name](path.read_bytes().decode(errors="replace"), steps, outputs)
            path.unlink()
    except FileCommandError as error:
        steps.job.log.remark("error", f"Unable to process file command '{name}' successfully.")
        steps.job.log.remark("error", str(error))
        return False
    return True


def _take_outputs(text: str, _steps: Steps, outputs: dict[str, str]) -> None:
    for name, value in pairs(text):
        outputs[name] = value


def _take_environment(text: str, steps: Steps, _outputs: dict[str, str]) -> None:
    for name, value in pairs(text):
        if name.upper() == "NODE_OPTIONS":
            raise FileCommandError("Can't store NODE_OPTIONS output parameter using '$GITHUB_ENV' command.")
        steps.job.environment[name] = value


def _take_path(text: str, steps: Steps, _outputs: dict[str, str]) -> None:
    for line in paths(text):
        steps.job.path[:] = [line, *(each for each in steps.job.path if each != line)]


def _take_summary(text: str, steps: Steps, _outputs: dict[str, str]) -> None:
    log, size = steps.job.log, len(text.encode())
    if size > _SUMMARY_LIMIT:
        log.remark("error", f"$GITHUB_STEP_SUMMARY supports content up a size of 1024k, got {size >> 10}k.")
    elif text:
        steps.job.summaries.append(log.masked(text))


def _take_nothing(text: str, _steps: Steps, _outputs: dict[str, str]) -> None:
    """State is for what a step does at the end of the job, which no script has; it must be in order all the same."""
    for _ in pairs(text):
        pass


_TAKE: Mapping[str, Callable[[str, Steps, dict[str, str]], None]] = {
    "output": _take_outputs,
    "env": _take_environment,
    "path": _take_path,
    "state": _take_nothing,
    "step_summary": _take_summary,
}


def _uses(step: Step, steps: Steps, environment: Mapping[str, str], outputs: dict[str, str]) -> str:
    scope = steps.scope(environment)
    given = templates.texts(step.given, scope)
    name, _, revision = (step.uses or "").partition("@")
    folder = _folder(step.uses or "", name, steps)
    if folder is not None:
        return _composite(read_action(folder), steps, (given, environment), outputs)
    if name not in USED or not revision:
        raise UsedError(f"Unable to resolve action {step.uses}: nobody has said what it does")
    job = steps.job
    known = {**job.environment, **steps.environment, **environment}
    used = UsedStep(inputs=given, job=job, variables=variables(job, steps.github, known), outputs=outputs)
    USED[name](used)
    return SUCCESS


def _folder(uses: str, name: str, steps: Steps) -> Path | None:
    """`./PATH` is below the workspace."""
    if uses.startswith("./"):
        return steps.job.folders.workspace / uses
    return steps.job.host.actions.get(name)


def _composite(
    action: Action, steps: Steps, given: tuple[Mapping[str, str], Mapping[str, str]], outputs: dict[str, str]
) -> str:
    """Its steps see its inputs, and neither the outputs of the steps around nor variables named INPUT_…"""
    environment = {**steps.environment, **given[1]}
    github = {**steps.github, "action_path": str(action.folder)}
    inner = Steps(
        job=steps.job,
        github=github,
        environment=environment,
        inputs=_inputs(action, steps.scope(given[1]), given[0], steps),
        was_asked=_was_asked(steps),
    )
    run_steps(action.steps, inner)
    outputs.update(templates.texts(action.outputs, inner.scope()))
    return inner.status


def _inputs(action: Action, scope: Scope, given: Mapping[str, str], steps: Steps) -> dict[str, str]:
    """What is not given has its default; `required` is nothing that the runner looks at. Names have no case."""
    names = {name.lower(): name for name in action.inputs}
    unknown = [name for name in given if name.lower() not in names]
    if unknown:
        valid = ", ".join(f"'{name}'" for name in action.inputs)
        which = ", ".join(f"'{name}'" for name in unknown)
        steps.job.log.remark("warning", f"Unexpected input(s) {which}, valid inputs are [{valid}]")
    without = Scope(
        contexts={k: v for k, v in scope.contexts.items() if k not in _NOT_OF_DEFAULTS}, functions=scope.functions
    )
    defaults = templates.texts(action.inputs, without)
    return {**defaults, **{names.get(name.lower(), name): value for name, value in given.items()}}


_NOT_OF_DEFAULTS = ("inputs", "steps", "env", "secrets", "vars", "needs")
_Kind = Callable[[Step, Steps, Mapping[str, str], dict[str, str]], str]
_KINDS: Mapping[bool, _Kind] = {False: _script, True: _uses}
