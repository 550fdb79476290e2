"""What `ci` does, told to whoever runs it: the log, the forge's own places, and standard output."""

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from envlock.cli.ci_json import matrix_shape, report_shape
from envlock.cli.ci_markdown import COMMENT, ci_markdown, failure_markdown
from envlock.cli.ci_options import given_arguments
from envlock.cli.command import Session
from envlock.cli.console import Console
from envlock.cli.failures import report as say_failure
from envlock.cli.failures import usage_message
from envlock.cli.settings import Settings, environment, hide_from_programs, hide_netrc
from envlock.errors import EnvlockError, UserInputError
from envlock.forges.forge import Annotation, Forge
from envlock.forges.table import forge_of
from envlock.forges.value_file import variable_lines
from envlock.system.files import write_whole
from envlock.system.refused import refused
from envlock.workflows.ci import CiOptions, ci
from envlock.workflows.ci_event import event_at
from envlock.workflows.ci_login import logged_in, usable_login
from envlock.workflows.ci_report import CiReport
from envlock.workflows.ci_told import annotations, outputs, outputs_ahead
from envlock.workflows.context import Context

# of the variables that are ours alone, what no program that we start is to see
_PASSWORD = "ENVLOCK_CI_PASSWORD"
_SECRETS = (_PASSWORD, "ENVLOCK_CI_TOKEN")
_FORGE = "envlock.forge"  # in what click keeps of a call


def first_words() -> list[str]:
    """Arguments before those of the command line. From here on the forge takes no commands from what is printed: what
    is said of arguments is not ours alone, either.

    All on stderr, where the words of others are said: a runner reads stdout and stderr side by side, in no order.
    """
    click.get_current_context().meta[_FORGE] = forge = forge_of(environment())
    for line in forge.hushed():
        Console(Settings()).command(line)
    return given_arguments()


def refused_words(failure: click.UsageError | EnvlockError) -> int:
    """The exit code. What is wrong with arguments is an error of the job, as what goes wrong later is."""
    known = click.get_current_context().meta
    console, forge = Console(Settings.of(known)), known[_FORGE]
    code = say_failure(failure, console)
    message = failure.message if isinstance(failure, EnvlockError) else usage_message(failure)
    remarks = [Annotation(level="error", title="envlock", message=message)] if forge.has_summary else []
    for line in (*forge.heard(), *forge.annotated(remarks)):
        console.command(line)
    return code


def run_ci(session: Session, flags: Mapping[str, Any]) -> int:
    """The exit code. The forge takes commands again where all went as expected: what is said of a bug is not ours."""
    variables = environment()
    hide_from_programs(*_SECRETS)
    forge: Forge = click.get_current_context().meta[_FORGE]
    try:
        report = _report(session, forge, flags, variables.get(_PASSWORD))
        code, remarks = (report.exit_code, annotations(report)) if report else (0, ())
    except BrokenPipeError:
        raise  # nobody reads it
    except (EnvlockError, OSError) as failure:
        remarks = _failed(session, forge, failure, flags)
        code = say_failure(failure, session.console)
    for line in (*forge.heard(), *forge.annotated(remarks)):
        session.console.command(line)
    return code


def _failed(
    session: Session, forge: Forge, failure: EnvlockError | OSError, flags: Mapping[str, Any]
) -> tuple[Annotation, ...]:
    """Says in place of a report why there is none, as far as that can be written."""
    error = failure if isinstance(failure, EnvlockError) else refused(failure, session.settings.cache_folder)
    markdown = failure_markdown(error)
    if flags["report"]:
        with suppress(OSError):
            _write_text(flags["report"], markdown)
    if not forge.has_summary:
        return ()
    if flags["summary"]:
        with suppress(EnvlockError):
            forge.write_summary(markdown)
    return (Annotation(level="error", title="envlock", message=error.message),)


def _report(session: Session, forge: Forge, flags: Mapping[str, Any], password: str | None) -> CiReport | None:
    """None where a second call is to make images, and to report."""
    for name in ("report", "outputs"):
        _require_folder(name, flags[name])
    options = _options(flags)
    with session.context(insecure=flags["insecure"]) as context:
        event = event_at(forge, options, Path.cwd(), context)
        if event.has_secrets:
            hide_netrc()
        login = usable_login(event, flags["username"], password, context)
        with logged_in(options, *login, context) as known:
            report = ci(event, options, Path.cwd(), known)
        ahead = outputs_ahead(report, flags["cache"]) if flags["begin"] and not _is_plan(flags) else {}
        if ahead:
            forge.write_outputs(ahead)
            return None
        _tell(session, forge, report, flags, context)
    return report


def _require_folder(name: str, path: Path | None) -> None:
    """Before much work ends with a file that cannot be written."""
    if path and not path.parent.is_dir():
        raise UserInputError(f"`--{name} {path}`: there is no folder `{path.parent}`")


def _is_plan(flags: Mapping[str, Any]) -> bool:
    return bool(flags["plan"] or flags["matrix"])


def _options(flags: Mapping[str, Any]) -> CiOptions:
    return CiOptions(
        environments=flags["environments"],
        push=flags["push"],
        registry=flags["registry"] or None,
        repository=flags["repository"] or None,
        platforms=flags["platforms"],
        engine=flags["engine"] or None,
        base=flags["base"] or None,
        version=flags["version"] or None,
        plan=_is_plan(flags) or flags["begin"],
        home=flags["home"],
    )


def _tell(session: Session, forge: Forge, report: CiReport, flags: Mapping[str, Any], context: Context) -> None:
    markdown = ci_markdown(report)
    _write(forge, report, markdown, flags)
    if flags["comment"]:
        comment = ci_markdown(report, COMMENT) if _says_something(report) else None
        choice = tuple(" ".join(sorted(flags[name])) for name in ("environments", "platforms"))
        hindered = forge.comment(comment, report.event, lambda: context.http, choice=choice)
        if hindered:
            session.console.note(hindered)
    if flags["matrix"]:
        session.console.json(matrix_shape(report))
    elif flags["as_json"]:
        session.console.json(report_shape(report))
    elif not forge.has_summary:
        session.console.data(markdown.rstrip("\n"))


def _write(forge: Forge, report: CiReport, markdown: str, flags: Mapping[str, Any]) -> None:
    """Into the files of the forge, and those that are asked for."""
    values = outputs(report)
    forge.write_outputs(values)
    if flags["summary"] and forge.has_summary:
        forge.write_summary(markdown)
    if flags["outputs"]:
        _write_text(flags["outputs"], variable_lines(values))
    if flags["report"]:
        _write_text(flags["report"], markdown)


def _write_text(path: Path, text: str) -> None:
    # a name of a file that is no text is nothing that can be written
    write_whole(path, text.encode(errors="replace"))


def _says_something(report: CiReport) -> bool:
    """A pull request that touches no environment, in a repository where all is well, gets no comment."""
    return any(outcome.exit_code or outcome.subject.state != "same" for outcome in report.outcomes)
