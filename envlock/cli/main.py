"""The command line: `envlock`, and `git-envlock` for `git envlock`."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

import click

from envlock import __version__
from envlock.cli.console import Console
from envlock.cli.failures import INTERRUPTED, report
from envlock.cli.lazy_group import LazyGroup
from envlock.cli.settings import COMPLETION, Settings, completion_request, global_options
from envlock.system.signals import end_ourselves_by, ended_as_by_ctrl_c

COMMANDS = {
    "init": "Write env.toml, to start an environment.",
    "import": "Make an environment of another tool's file, lock or prefix.",
    "add": "Add dependencies to env.toml, and lock.",
    "remove": "Remove dependencies from env.toml, and lock.",
    "lock": "Resolve env.toml into env.lock; pins that still hold are kept.",
    "check": "Does env.lock answer env.toml? Offline, with reasons.",
    "show": "List what is locked.",
    "tree": "Show what needs what, from env.toml down.",
    "why": "Say why a package is locked: the ways that lead to it.",
    "diff": "Say what changed between files, versions and git revisions.",
    "list": "List the environments of the repository, and their versions.",
    "versions": "List the commits that changed a lock, with versions and labels.",
    "register": "Give the environment the next version, as a tag in git.",
    "label": "Let a name, such as `prod`, stand for a version; it may move.",
    "install": "Put the environment on this machine, exactly as locked.",
    "run": "Run a command in the environment.",
    "runs": "List what was run, in what, and on which commit.",
    "shell": "Start a shell in the environment.",
    "sync": "Share labels and recorded runs with the team.",
    "hooks": "Have git call envlock: hooks, merges and diffs.",
    "save": "Save the environment as a folder, also with its packages.",
    "load": "Bring a saved environment back.",
    "export": "Write what is locked as a file that other tools install from.",
    "build": "Make a container image of the environment, without Docker.",
    "push": "Push the image of the environment to its registry.",
    "verify": "Is an image what its lock makes? Derived anew, and compared.",
    "inspect": "Show an image: its layers, and what hangs on it.",
    "ci": "What pull requests and pushes ask for: check, build and report.",
    "cache": "Say what is kept on this machine, and make room.",
    "doctor": "Say what is found, what is missing and what to do.",
    "schema": "Print the JSON Schema of env.toml, for editors.",
    "completion": "Print the completion script of a shell.",
    "textconv": "Print env.lock as git diff is to show it.",
    "git-hook": "",
    "pre-commit": "",
    "merge-driver": "",
}

_HELP = """Environments that are the same everywhere: env.toml says what is wanted, env.lock exactly what that means.

ENV is the name of an environment, or the path of its folder; it can be left out where there is only one."""


def main() -> None:
    """Runs the command line and ends the program with its exit code."""
    # closed by whoever started us (`>&-`, some daemons), where Python has None, and the next file would take its place
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    with ended_as_by_ctrl_c() as signals:
        code = run(sys.argv[1:], program=Path(sys.argv[0]).name.replace("git-envlock", "git envlock"))
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError:
            # said already; at its end Python would try once more, and give a code of its own
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if code == INTERRUPTED:
        # at its end Python would wait for every thread that a silent server keeps waiting
        sys.stderr.flush()
        for number in signals:
            end_ourselves_by(number)
        os._exit(code)
    sys.exit(code)


def run(arguments: Sequence[str], *, program: str) -> int:
    """One call of envlock, to its exit code; nothing is raised."""
    group = LazyGroup(name=program, table=COMMANDS, params=[*global_options(hidden=False), _version()], help=_HELP)
    asked = completion_request()
    if asked:
        return _complete(group, program, asked)
    context: click.Context | None = None
    try:
        with group.make_context(program, list(arguments)) as context:
            code = group.invoke(context)
        sys.stdout.flush()
    except click.exceptions.Exit as ended:
        return ended.exit_code
    except BaseException as failure:  # noqa: BLE001 - the last line of defence
        return report(failure, Console(Settings.of(context.meta if context else {})))
    return code or 0


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _version() -> click.Option:
    def show(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
        if wanted:
            click.echo(f"envlock {__version__}")
            context.exit()

    return click.Option(
        ["--version"], is_flag=True, is_eager=True, expose_value=False, callback=show, help="Print the version."
    )


def _complete(group: LazyGroup, program: str, asked: str) -> int:
    from click.shell_completion import shell_complete

    return shell_complete(group, {}, program, COMPLETION, asked)
