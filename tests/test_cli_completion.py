"""Completion scripts, evaluated in a real bash, for both names of the program and for `git envlock`."""

import shlex
import subprocess
from pathlib import Path

import pytest

from envlock.cli.main import COMMANDS
from tests.support.locked_project import locked_project
from tests.support.processes import run
from tests.support.projects import ENVLOCK, Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train", git=True)


def completed(project: Project, function: str, *words: str) -> list[str]:
    """What bash would offer for the last of the words, where `function` completes the line."""
    line = " ".join(map(shlex.quote, words))
    script = f"""
        compopt() {{ :; }}  # knows no completion to set options of, outside of a terminal
        eval "$(envlock completion bash)"
        COMP_WORDS=({line}) COMP_CWORD={len(words) - 1}
        {function} {shlex.quote(words[0])}
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    environment = project.environment()
    environment["PATH"] = f"{ENVLOCK.parent}:{environment['PATH']}"
    done = subprocess.run(
        ("bash", "-eu", "-c", script), cwd=project.folder, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return done.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("",), [name for name, line in COMMANDS.items() if line]),  # not what only git calls
        (("lo",), ["lock", "load"]),
        (("check", ""), ["train"]),
        (("check", "x"), []),
        (("check", "--js"), ["--json"]),
        (("run", "-e", "tr"), ["train"]),
        (("completion", ""), ["bash", "zsh", "fish"]),
        (("--color", "a"), ["auto", "always"]),
    ],
)
def test_bash_offers(project: Project, words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(project, "_envlock_completion", "envlock", *words) == offered


@pytest.mark.parametrize(
    ("function", "program"),
    [
        ("_git_envlock_completion", ("git-envlock",)),
        ("_git_envlock", ("git", "envlock")),
        ("_git_envlock", ("git", "-C", "elsewhere", "envlock")),
    ],
)
def test_bash_offers_the_same_to_git(project: Project, function: str, program: tuple[str, ...]) -> None:
    assert completed(project, function, *program, "completion", "b") == ["bash"]


def test_bash_completes_both_programs_by_name(project: Project) -> None:
    script = f'eval "$({shlex.quote(str(ENVLOCK))} completion bash)"; complete -p envlock git-envlock'
    assert run(("bash", "-eu", "-c", script), environment=project.environment()).splitlines() == [
        "complete -o nosort -F _envlock_completion envlock",
        "complete -o nosort -F _git_envlock_completion git-envlock",
    ]


@pytest.mark.parametrize(
    ("shell", "registered"),
    [
        ("zsh", ["compdef _envlock_completion envlock", "compdef _git_envlock_completion git-envlock"]),
        ("fish", ["complete --no-files --command envlock ", "complete --no-files --command git-envlock "]),
    ],
)
def test_other_shells_complete_both_programs(project: Project, shell: str, registered: list[str]) -> None:
    script = project.must("completion", shell)
    assert [line for line in registered if line not in script] == []
    assert "_ENVLOCK_COMPLETE" in script
    assert "_GIT_ENVLOCK_COMPLETE" not in script


def test_names_of_broken_places_are_not_offered(tmp_path: Path) -> None:
    outside = Project(folder=tmp_path, cache=tmp_path / "cache")
    assert completed(outside, "_envlock_completion", "envlock", "check", "") == []


def test_an_unknown_shell_is_refused(project: Project) -> None:
    result = project.call("completion", "tcsh")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        "error: invalid value for `{bash|zsh|fish}`: `tcsh` is not one of `bash`, `zsh`, `fish`\n"
        "hint: see `envlock completion --help`\n"
    )
