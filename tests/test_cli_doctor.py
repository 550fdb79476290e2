"""`envlock doctor`: what is found on this machine, really looked for."""

import json
import os
import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from tests.support.docker_engine import Engine
from tests.support.dry_run_solver import install_solver
from tests.support.projects import Project

NAMES = [
    *("Python", "uv", "py-rattler", "pip-tools", "conda-lock", "conda program", "git"),
    *("Docker engine", "registry logins", "Debian mirror", "Debian keys", "cache", "reflinks"),
]
FIELDS: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "found": bool,
    "detail": str,
    "required": bool,
    "hint": (str, type(None)),
}
REQUIRED = ["Python", "uv", "py-rattler", "cache"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    nothing = {"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}
    return Project(folder=tmp_path, cache=tmp_path / "cache", variables=nothing)


def findings(project: Project, *, code: int = 0) -> dict[str, dict[str, object]]:
    result = project.call("doctor", "--json")
    assert (result.code, result.stderr) == (code, "")
    return {finding["name"]: finding for finding in json.loads(result.stdout)}


def test_every_finding_has_the_same_shape(project: Project) -> None:
    found = findings(project)
    assert list(found) == NAMES
    for finding in found.values():
        assert finding.keys() == FIELDS.keys()
        assert [name for name, kind in FIELDS.items() if not isinstance(finding[name], kind)] == []
    assert [name for name in NAMES if found[name]["required"]] == REQUIRED


def test_what_is_here_is_found(project: Project) -> None:
    found = findings(project)
    assert [name for name in REQUIRED if not found[name]["found"]] == []
    assert str(found["Python"]["detail"]).startswith(platform.python_version())
    assert [found[name]["detail"] for name in ("uv", "py-rattler")] == [version("uv"), version("py-rattler")]
    assert str(found["cache"]["detail"]).startswith(f"{project.cache}, ")


def test_what_is_not_here_has_a_hint(project: Project) -> None:
    found = findings(project.given(PATH="/nowhere"))
    for name in ("conda program", "git", "Docker engine", "registry logins"):
        assert found[name]["found"] is False
        assert found[name]["hint"]
    said = str(found["Docker engine"]["detail"])
    assert said.startswith("the Docker engine does not answer: No such file or directory (DOCKER_HOST: unix:")


def test_the_program_that_solves_for_conda_lock(project: Project) -> None:
    program = install_solver(project.folder / "bin", "micromamba")
    found = findings(project.given(PATH=f"{program.parent}:{os.environ['PATH']}"))
    assert (found["conda program"]["found"], found["conda program"]["detail"]) == (True, str(program))


def test_a_cache_that_cannot_be_written_is_a_no(project: Project) -> None:
    found = findings(
        project.given(ENVLOCK_CACHE_DIR="/proc/none"), code=0 if project.cache == Path("/proc/none") else 1
    )
    assert (found["cache"]["found"], found["cache"]["detail"]) == (False, "/proc/none: No such file or directory")


def test_logins_are_found_and_not_read(project: Project) -> None:
    config = project.folder / "docker" / "config.json"
    config.parent.mkdir()
    config.write_text("not even JSON")
    found = findings(project.given(DOCKER_CONFIG=str(config.parent)))
    assert (found["registry logins"]["found"], found["registry logins"]["detail"]) == (True, str(config))


def test_the_mirror_of_debian_is_the_one_that_is_named(project: Project) -> None:
    found = findings(project.given(ENVLOCK_DEBIAN_MIRROR="https://kim:secret@mirror.test/debian/"))["Debian mirror"]
    assert (found["found"], found["detail"]) == (True, "https://mirror.test/debian (ENVLOCK_DEBIAN_MIRROR)")
    found = findings(project.given(ENVLOCK_DEBIAN_MIRROR="debian"))["Debian mirror"]
    assert (found["found"], found["hint"]) == (
        False,
        "only `[image.debian]` needs one: ENVLOCK_DEBIAN_MIRROR says where it is",
    )


def test_an_engine_is_asked_for_its_version(project: Project, docker_engine: Engine) -> None:
    found = findings(project.given(DOCKER_HOST=docker_engine.url))
    assert found["Docker engine"]["found"] is True
    assert "Docker" in str(found["Docker engine"]["detail"])


def test_lines_for_people(project: Project) -> None:
    result = project.call("doctor")
    assert result.code == 0
    lines = result.stdout.splitlines()
    assert [line for line, name in zip(lines, NAMES, strict=True) if f"  {name}" not in line] == []
    assert lines[0].split()[:2] == ["found", "Python"]
    assert "hint: Docker engine: only `--load`, `--engine docker` and what must be executed need one" in result.stderr
