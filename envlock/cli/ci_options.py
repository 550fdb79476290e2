"""The options of `ci`. Each can be given as a variable `ENVLOCK_CI_…`, too: so no server's own syntax has to put what
others wrote on a command line."""

import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from envlock.cli.options import as_json, insecure_option
from envlock.cli.settings import environment
from envlock.errors import UserInputError
from envlock.model.platform import PLATFORMS
from envlock.workflows.ci import ALWAYS, AUTO, NEVER
from envlock.workflows.ci_told import CACHE_BOTH, CACHE_NEVER, CACHE_READ
from envlock.workflows.later_images import ENGINES

_Command = TypeVar("_Command", bound=Callable[..., int | None])
_PREFIX = "ENVLOCK_CI_"
_PLATFORMS = [platform.name for platform in PLATFORMS.values() if platform.has_images]


class Words(click.ParamType):  # type: ignore[type-arg]  # in older versions it is not generic
    """Several words, parted by spaces, line ends or commas; each one of `choices`, if there are any."""

    name = "words"

    def __init__(self, *choices: str) -> None:
        self.choices = choices

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        if isinstance(value, tuple):
            return value
        words = tuple(dict.fromkeys(value.replace(",", " ").split()))
        for word in words:
            if self.choices and word not in self.choices:
                self.fail(f"{word!r} is not one of {', '.join(self.choices)}", param, ctx)
        return words


def ci_options(function: _Command) -> _Command:
    """All of them; the ones that others share last."""
    for declare in reversed(_OPTIONS):
        function = declare(function)
    return insecure_option(as_json("the report")(function))


def given_arguments() -> list[str]:
    """More arguments, as a shell would part them, in a variable; nothing in them is expanded."""
    try:
        return shlex.split(environment().get(f"{_PREFIX}ARGS", ""))
    except ValueError as error:
        raise UserInputError(f"the arguments in `{_PREFIX}ARGS` cannot be read: {error}") from error


def _option(name: str, help: str, **attributes: Any) -> Callable[[_Command], _Command]:
    variable = _PREFIX + name.strip("-").upper().replace("-", "_")
    return click.option(name, envvar=variable, help=help, **attributes)


_PUSH = "Push images: of the default branch and version tags (auto), of every branch (true), never (false)."
_REPOSITORY = "Where images go, instead of `[image] repository`; {name} is the environment's."
_CACHE = (
    "What outputs say of a cache between runs: restore and save it (true), only restore it (read), neither (false)."
)
_BEGIN = "As --plan, but where images are wanted say only that by outputs, for a second call that makes them."
_OUTPUTS = "Write what came of it to a file, as lines ENVLOCK_NAME=VALUE."
_COMMENT = "Say it at the pull request."
_SUMMARY = "Say it in the summary of the job."
_OPTIONS = (
    _option("--environments", "Names or paths; without them, all.", type=Words(), default=()),
    _option("--push", _PUSH, type=click.Choice([AUTO, ALWAYS, NEVER]), default=AUTO),
    _option("--registry", "Where to log in, and where a `--repository` without a registry is.", metavar="HOST"),
    _option("--username", f"For the registry; the password is in {_PREFIX}PASSWORD."),
    _option("--repository", _REPOSITORY),
    _option("--platforms", "Only these; without them, all locked ones.", type=Words(*_PLATFORMS), default=()),
    _option("--engine", "Who makes images; see `envlock build`.", type=click.Choice(["", *ENGINES]), default=""),
    _option("--base", "The revision that changes are held against, instead of the one that the server tells."),
    _option("--version", "Images of this version, instead of those of what is checked out.", metavar="VERSION"),
    _option("--cache", _CACHE, type=click.Choice([CACHE_BOTH, CACHE_READ, CACHE_NEVER]), default=CACHE_BOTH),
    _option("--comment", _COMMENT, type=bool, default=True, metavar="BOOL"),
    _option("--summary", _SUMMARY, type=bool, default=True, metavar="BOOL"),
    _option("--report", "Write the report, as Markdown, to a file.", type=click.Path(dir_okay=False, path_type=Path)),
    _option("--outputs", _OUTPUTS, type=click.Path(dir_okay=False, path_type=Path)),
    _option("--home", "Keep bills of materials and logins in this folder.", type=click.Path(path_type=Path)),
    click.option("--plan", is_flag=True, help="Only check and compare: make nothing, look for no image."),
    click.option("--begin", is_flag=True, help=_BEGIN),
    click.option("--matrix", is_flag=True, help="As --plan; print the environments as a job matrix, in JSON."),
)
