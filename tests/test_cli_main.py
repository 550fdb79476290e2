"""The frame of the command line: options, exit codes, and what is said when something fails."""

import errno
import json
import os
import signal
import socket
import subprocess
from pathlib import Path

import click
import pytest

from envlock import __version__
from envlock.cli.console import Console
from envlock.cli.failures import report
from envlock.cli.main import COMMANDS
from envlock.cli.settings import Settings
from envlock.errors import AnswerIsNo, OutsideError, UserInputError
from tests.support.locked_project import locked_project
from tests.support.projects import ENVLOCK, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train")


@pytest.mark.parametrize(
    ("arguments", "stderr"),
    [
        (["lokc"], "error: no command `lokc`: did you mean `lock`?\nhint: see `envlock --help`\n"),
        (["zzzzzz"], "error: no command `zzzzzz`\nhint: see `envlock --help`\n"),
        (["--quite"], "error: no such option `--quite`: did you mean `--quiet`?\nhint: see `envlock --help`\n"),
        (
            ["--color", "red"],
            "error: invalid value for `--color`: `red` is not one of `auto`, `always`, `never`\n"
            "hint: see `envlock --help`\n",
        ),
        (["run"], "error: missing argument `COMMAND...`\nhint: see `envlock run --help`\n"),
        (["show", "a", "b"], "error: got unexpected extra argument (b)\nhint: see `envlock show --help`\n"),
        (
            ["build", "--output", "x.tar", ".", "../train"],
            "error: `--output` takes one environment\nhint: see `envlock build --help`\n",
        ),
        (
            ["build", "--output", "x.tar.gz"],
            "error: `--output` writes FILE.tar, whose layers are compressed, or a folder\n"
            "hint: see `envlock build --help`\n",
        ),
    ],
)
def test_wrong_usage_is_refused(project: Project, arguments: list[str], stderr: str) -> None:
    result = project.call(*arguments)
    assert (result.code, result.stdout, result.stderr) == (2, "", stderr)


def test_version(project: Project) -> None:
    assert project.must("--version") == f"envlock {__version__}\n"


def test_help_has_two_names_and_lists_every_command(project: Project) -> None:
    text = project.must("--help")
    assert project.must("-h") == text
    assert text.startswith("Usage: envlock [OPTIONS] COMMAND [ARGS]...\n")
    modules = {path.stem.replace("_", "-") for path in Path("envlock/cli/commands").glob("[!_]*.py")}
    called_by_git = {"git-hook", "merge-driver", "pre-commit"}
    # a line each: none is so long that it goes on below
    assert {line.split()[0] for line in text.partition("Commands:\n")[2].splitlines()} == modules - called_by_git


def test_commands_of_two_words_are_told_in_whole_sentences(project: Project) -> None:
    text = project.must("hooks", "--help")
    assert "..." not in text.partition("Commands:")[2]
    assert "are as they were." in text


def test_without_a_command_help_is_an_error(project: Project) -> None:
    result = project.call()
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == project.must("--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_examples(project: Project, command: str) -> None:
    text = project.must(command, "--help")
    assert text.startswith(f"Usage: envlock {command} ")
    example = text.partition("Examples:\n")[2].splitlines()[0]
    assert f"envlock {command}" in example


def test_as_a_command_of_git(project: Project) -> None:
    environment = project.environment()
    environment["PATH"] = f"{ENVLOCK.parent}:{environment['PATH']}"
    done = subprocess.run(
        ("git", "envlock", "show", "x"),
        cwd=project.folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    usage = subprocess.run(
        ("git", "envlock", "lock", "-h"), env=environment, capture_output=True, text=True, check=True
    )
    assert usage.stdout.startswith("Usage: git envlock lock ")


@pytest.mark.parametrize("arguments", [("--quiet", "show"), ("show", "--quiet"), ("-q", "show")])
def test_global_options_stand_before_or_after_the_command(project: Project, arguments: tuple[str, ...]) -> None:
    result = project.call(*arguments)
    assert (result.code, result.stderr) == (0, "")
    assert result.stdout.startswith("NAME ")


def test_the_cache_folder_is_an_option_and_a_variable(project: Project, tmp_path: Path) -> None:
    project.must("check", "--cache-dir", tmp_path / "given")
    assert (tmp_path / "given").is_dir()
    assert not project.cache.exists()
    project.must("check")
    assert project.cache.is_dir()


@pytest.mark.parametrize(
    ("option", "variables", "colored"),
    [
        (["--color", "always"], {}, True),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {}, False),
        ([], {}, False),
    ],
)
def test_colors_are_for_terminals_or_asked_for(
    project: Project, option: list[str], variables: dict[str, str], colored: bool
) -> None:
    result = project.given(**variables).call(*option, "show", "nowhere")
    assert ("\x1b[" in result.stderr) == colored


def test_offline_names_what_is_wanted(project: Project) -> None:
    project.change('base = "scratch"', 'base = "registry.test/base:1"')
    result = project.call("lock", "--offline")
    assert (result.code, result.stdout) == (3, "")
    assert "error: base `registry.test/base:1` is not in the cache, and this is --offline\n" in result.stderr


def said(capsys: pytest.CaptureFixture[str], failure: BaseException, *, verbose: bool = False) -> tuple[int, str]:
    code = report(failure, Console(Settings(verbose=verbose, cache_dir=Path("/cache"))))
    captured = capsys.readouterr()
    assert captured.out == ""
    return code, captured.err


@pytest.mark.parametrize(
    ("failure", "code", "text"),
    [
        (UserInputError("no `x`", hint="do y"), 2, "error: no `x`\nhint: do y\n"),
        (OutsideError("first\nsecond\n  third"), 3, "error: first\n  second\n  third\n"),
        (AnswerIsNo("stale"), 1, "error: stale\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (click.Abort(), 130, "interrupted\n"),
        (
            OSError(errno.ENOSPC, "No space left on device", "/cache/x"),
            3,
            "error: no space left on device: `/cache/x`\n"
            "hint: make room on that disk; another cache folder can be given with `--cache-dir`\n",
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "/cache/x"),
            3,
            "error: permission denied: `/cache/x`\n"
            "hint: may you read and write there?; another cache folder can be given with `--cache-dir`\n",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", b"/cache/x"),
            3,
            "error: read-only file system: `/cache/x`\n"
            "hint: nothing can be written there; another cache folder can be given with `--cache-dir`\n",
        ),
        (
            OSError(errno.EROFS, "Read-only file system", "/project/env.lock"),
            3,
            "error: read-only file system: `/project/env.lock`\nhint: nothing can be written there\n",
        ),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), 3, "error: broken pipe\n"),
        (
            KeyError("x"),
            70,
            "error: this is a bug in envlock: KeyError: 'x'\nhint: run it again with `--verbose`\n",
        ),
        (
            ValueError("https://me:secret@index.test/simple/?token=1"),
            70,
            "error: this is a bug in envlock: ValueError: https://index.test/simple/\n"
            "hint: run it again with `--verbose`\n",
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_a_failure_has_words_and_a_code(
    capsys: pytest.CaptureFixture[str], failure: BaseException, code: int, text: str
) -> None:
    assert said(capsys, failure) == (code, text)


def test_a_verbose_bug_shows_where_without_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    address = "https://me:{}@index.test/simple/".format("hidden")
    try:
        raise RuntimeError(f"at {address}")
    except RuntimeError as failure:
        code, text = said(capsys, failure, verbose=True)
    assert code == 70
    assert text.startswith("Traceback (most recent call last):\n")
    assert "RuntimeError: at https://index.test/simple/\n" in text
    assert "hidden@" not in text
    assert text.endswith("hint: report it with what is printed above\n")


def test_a_full_disk_behind_stdout(project: Project) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            (ENVLOCK, "show"),
            cwd=project.folder,
            env=project.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 3
    assert b"error: no space left on device\n" in done.stderr


def test_a_reader_that_stops_is_no_failure(project: Project) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            (ENVLOCK, "-q", "show"),
            cwd=project.folder,
            env=project.environment(),
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_ctrl_c_ends_quietly(project: Project) -> None:
    with socket.create_server(("127.0.0.1", 0)) as registry:
        host = f"127.0.0.1:{registry.getsockname()[1]}"
        project.change('base = "scratch"', f'base = "{host}/base:1"')
        process = subprocess.Popen(
            (ENVLOCK, "lock"), cwd=project.folder, env=project.environment(), stderr=subprocess.PIPE, text=True
        )
        connection, _ = registry.accept()  # now it waits for an answer that never comes
        with connection:
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "interrupted"
    assert "Traceback" not in stderr


def test_closed_streams_are_no_failure(project: Project) -> None:
    """Daemons and some graphical programs start others so."""
    call = f"{ENVLOCK} show --quiet"
    for closed in (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"):
        done = subprocess.run(
            ("sh", "-c", f"{call} {closed}"),
            cwd=project.folder,
            env=project.environment(),
            capture_output=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, b""), closed
        assert done.stdout.startswith(b"NAME ") == (">&-" not in closed.replace("2>&-", "")), closed


def test_json_of_what_is_no_text_is_json_all_the_same(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    """Words of a command that are not UTF-8, as Python has them."""
    Console(Settings()).json({"word": "caf\udce9 é"})
    assert json.loads(capfdbinary.readouterr().out.decode()) == {"word": "caf\udce9 é"}
