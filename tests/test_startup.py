"""What a command must not load: that is what makes `--help` and `check` quick."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from envlock.cli.main import COMMANDS
from tests.support.debian_lock import MANIFEST as DEBIAN
from tests.support.debian_lock import debian, relock
from tests.support.locked_project import locked_project, stale
from tests.support.merging import write
from tests.support.processes import run
from tests.support.projects import Project, new_project
from tests.support.repository import History

HEAVY = {
    *("pygit2", "docker", "tomlkit", "requests", "urllib3", "truststore", "rich", "rattler", "installer"),
    *(
        "pypi_simple",
        "hypothesis",
        "uv",
        "deflate",
        "platformdirs",
        "tarfile",
        "ruamel",
        "yaml",
        "envlock.manifest.layers",
    ),
    *("debian", "pysequoia", "zstandard", "OpenSSL", "cryptography"),
}
PARSERS = {"packaging", "tomllib", "filelock"}
# prints the exit code and what was loaded, as the last line
CHILD = """
import json, sys
from envlock.cli.main import run
code = run(sys.argv[1:], program="envlock")
print()
print(json.dumps([code, sorted(sys.modules)]))
"""


def loaded(project: Project, *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a call and every module it loaded."""
    done = subprocess.run(
        (sys.executable, "-c", CHILD, *arguments),
        cwd=project.folder,
        env=project.environment(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stdout.splitlines()[-1])
    return code, set(modules)


def among(modules: set[str], names: Sequence[str] | set[str]) -> set[str]:
    """Which of the names, or what lies inside them, is loaded."""
    return {name for name in names for module in modules if module == name or module.startswith(f"{name}.")}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train")


@pytest.mark.parametrize("arguments", [("--help",), ("-h",), ("--version",), ()])
def test_help_loads_the_command_line_alone(project: Project, arguments: tuple[str, ...]) -> None:
    code, modules = loaded(project, *arguments)
    assert code == (0 if arguments else 2)
    assert among(modules, HEAVY | PARSERS) == set()
    assert among(modules, ["envlock.cli.commands", "envlock.workflows", "envlock.model"]) == set()
    assert among(modules, ["click", "envlock.cli.main"]) == {"click", "envlock.cli.main"}


def test_check_loads_no_library_but_the_parsers(project: Project) -> None:
    code, modules = loaded(project, "check")
    assert code == 0
    assert among(modules, HEAVY) == set()
    assert among(modules, ["packaging", "tomllib"]) == {"packaging", "tomllib"}


def test_a_check_that_was_answered_before_parses_nothing(project: Project) -> None:
    loaded(project, "check")
    code, modules = loaded(project, "check")
    assert code == 0
    assert among(modules, HEAVY | {"packaging", "tomllib"}) == set()


def test_a_base_of_debian_packages_is_checked_with_their_order_of_versions_alone(tmp_path: Path) -> None:
    project = new_project(tmp_path / "small", DEBIAN, cache=tmp_path / "cache")
    relock(project, debian("tool", "1:2.0-1", "libc6 (>= 2.30)"), debian("less", "1"), debian("other", "1"))
    code, modules = loaded(project, "check")
    assert code == 0
    assert among(modules, HEAVY) == {"debian"}
    assert among(modules, ["debian.deb822", "debian.debfile", "envlock.debian.index", "envlock.debian.solve"]) == set()
    for command in ("check", "lock"):
        code, modules = loaded(project, command)
        assert code == 0
        assert among(modules, HEAVY | PARSERS) == set()


def test_a_check_that_says_no_loads_no_more(project: Project) -> None:
    stale(project)
    code, modules = loaded(project, "check")
    assert code == 1
    assert among(modules, HEAVY) == set()


def test_where_something_stands_is_looked_up_only_when_it_is_wrong(project: Project) -> None:
    places = {"envlock.manifest.places"}
    assert among(loaded(project, "check")[1], places) == set()
    stale(project)
    assert among(loaded(project, "check")[1], places) == places


@pytest.mark.parametrize("words", ["show", "tree", "why click", "diff env.lock env.lock"])
def test_commands_that_read_a_lock_load_neither_git_nor_a_solver(project: Project, words: str) -> None:
    code, modules = loaded(project, *words.split())
    assert code == 0
    assert among(modules, HEAVY) == set()


def test_git_diff_waits_for_no_parser(project: Project) -> None:
    code, modules = loaded(project, "textconv", "env.lock")
    assert code == 0
    assert among(modules, HEAVY | PARSERS) == set()
    assert among(modules, ["envlock.model.lock", "envlock.lockfile.reader"]) == set()


@pytest.mark.parametrize("name", ["env.toml", "env.lock"])
def test_a_merge_that_needs_no_solver_loads_none(tmp_path: Path, name: str) -> None:
    """git starts it once for each file."""
    for side, packages in (("base", ()), ("ours", ("idna",)), ("theirs", ("numpy",))):
        write(tmp_path / side, "attrs", *packages)
    project = Project(folder=tmp_path, cache=tmp_path / "cache")
    sides = [f"{side}/{name}" for side in ("base", "ours", "theirs")]
    code, modules = loaded(project, "merge-driver", "--", *sides, "7", name)
    assert code == 0
    assert among(modules, HEAVY - {"platformdirs"}) == set()
    other = {"env.toml": "envlock.lockfile", "env.lock": "envlock.manifest"}[name]
    assert among(modules, [f"{other}.reader"]) == set()


@pytest.mark.parametrize("words", ["post-checkout a b 1", "post-rewrite rebase"])
def test_who_changes_branches_waits_for_no_library(tmp_path: Path, words: str) -> None:
    project = locked_project(tmp_path / "train", git=True)
    code, modules = loaded(project, "git-hook", *words.split())
    assert code == 0
    assert among(modules, HEAVY | PARSERS) == set()


def test_a_commit_that_was_checked_before_waits_for_no_library(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train", git=True)
    run(("git", "add", "--all"), folder=project.folder)
    for words in (("git-hook", "pre-commit"), ("pre-commit", "check", "env.toml")):
        loaded(project, *words)
        code, modules = loaded(project, *words)
        assert code == 0
        assert among(modules, HEAVY | PARSERS) == set()


def test_a_pull_request_that_changes_nothing_waits_for_no_library(tmp_path: Path) -> None:
    """As said by a server, and as on a laptop; whatever was answered before is not asked again."""
    project = locked_project(tmp_path / "train", git=True)
    work = History(project.folder)
    work.commit()
    sent = tmp_path / "event.json"
    sent.write_text(json.dumps({"pull_request": {"number": 7, "base": {"ref": "main", "sha": work.commit()}}}))
    told = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "pull_request", "GITHUB_EVENT_PATH": str(sent)}
    for variable in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"):
        (tmp_path / variable).touch()
        told[variable] = str(tmp_path / variable)
    loaded(project, "ci")
    for place in (project, project.given(**told)):
        code, modules = loaded(place, "ci")
        assert code == 0
        assert among(modules, HEAVY | (PARSERS - {"packaging"})) == set()
        parts = ["envlock.images", "envlock.oci", "envlock.solvers", "envlock.registry.client", "envlock.lockfile"]
        assert among(modules, [*parts, "envlock.system.http", "packaging.specifiers"]) == set()


@pytest.mark.parametrize("command", sorted(COMMANDS.keys() - {"doctor"}))
def test_help_of_a_command_loads_no_heavy_library(project: Project, command: str) -> None:
    code, modules = loaded(project, command, "--help")
    assert code == 0
    assert among(modules, HEAVY - {"tomlkit", "deflate", "tarfile", "uv"}) == set()
    assert among(modules, [f"envlock.cli.commands.{command.replace('-', '_')}"])
