"""From an exception to words on stderr and an exit code: the one place where either is decided."""

import os
import re
import select
import sys
import traceback
from collections.abc import Callable
from typing import Any

import click

from envlock.cli.console import Console
from envlock.errors import EnvlockError
from envlock.system.refused import refused

USAGE, BUG, INTERRUPTED = 2, 70, 130
# as a program has it that SIGPIPE ends
BROKEN_PIPE = 141


def report(failure: BaseException, console: Console) -> int:
    """Says what went wrong and gives the exit code; what is no failure of a program is raised again."""
    return next(says(failure, console) for kind, says in _TABLE if isinstance(failure, kind))


def _known(failure: EnvlockError, console: Console) -> int:
    console.error(failure.message, failure.hint)
    return failure.exit_code


def usage_message(failure: click.ClickException) -> str:
    """What is wrong with the words of a command line."""
    # click writes sentences with 'quotes'; ours start small, end open and have `these`
    message = re.sub(r"'([^']*)'", r"`\1`", failure.format_message()).rstrip(".").replace(". Did", ": did")
    # what may be chosen stands below one another, each after a tab
    message = re.sub(r",\n\t", ", ", re.sub(r"\. Choose from:\s*", ": choose from ", message))
    return message[:1].lower() + message[1:]


def _usage(failure: click.ClickException, console: Console) -> int:
    context = getattr(failure, "ctx", None)
    console.error(usage_message(failure), f"see `{context.command_path} --help`" if context else None)
    return USAGE


def _no_arguments(failure: click.exceptions.NoArgsIsHelpError, console: Console) -> int:
    click.echo(failure.format_message(), err=True, color=console.settings.colored(sys.stderr))
    return USAGE


def _interrupted(_failure: BaseException, console: Console) -> int:
    console.note("interrupted")
    return INTERRUPTED


def _system(failure: OSError, console: Console) -> int:
    if isinstance(failure, BrokenPipeError) and _reader_is_gone():
        return BROKEN_PIPE
    error = refused(failure, console.settings.cache_folder)
    console.error(error.message, error.hint)
    if console.settings.verbose:
        console.note(_traceback(failure))
    return error.exit_code


def _bug(failure: BaseException, console: Console) -> int:
    if isinstance(failure, SystemExit | GeneratorExit):
        raise failure
    if console.settings.verbose:
        console.note(_traceback(failure))
    hint = "report it with what is printed above" if console.settings.verbose else "run it again with `--verbose`"
    console.error(f"this is a bug in envlock: {_redacted(f'{type(failure).__name__}: {failure}')}", hint)
    return BUG


def _reader_is_gone() -> bool:
    """Did whoever read our stdout stop (as `head` does), rather than a connection break?"""
    try:
        stdout = sys.stdout.fileno()
    except (OSError, ValueError):
        return False
    poll = select.poll()
    poll.register(stdout, 0)  # a pipe that nobody reads is reported unasked
    if not poll.poll(0):
        return False
    # the interpreter flushes once more at its end, and would complain
    os.dup2(os.open(os.devnull, os.O_WRONLY), stdout)
    return True


def _traceback(failure: BaseException) -> str:
    return _redacted("".join(traceback.format_exception(failure)).rstrip())


def _redacted(text: str) -> str:
    from envlock.system.secrets import redact_text

    return redact_text(text)


# read from above: the first type that fits
_TABLE: tuple[tuple[type[BaseException], Callable[[Any, Console], int]], ...] = (
    (EnvlockError, _known),
    (click.exceptions.NoArgsIsHelpError, _no_arguments),
    (click.ClickException, _usage),
    (click.Abort, _interrupted),
    (KeyboardInterrupt, _interrupted),
    (OSError, _system),
    (BaseException, _bug),
)
