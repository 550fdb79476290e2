"""What the action installs, and how: locked by envlock, held against hashes, once in a job, apart from the job."""

import os
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from tests.support.action_steps import NOTHING_RESTORED, OWN, Runner, given, runner
from tests.support.cache import made_once, recipe_key
from tests.support.processes import CommandError, run
from tests.support.projects import ENVLOCK

ENVIRONMENTS = sorted(path.parent for path in OWN.glob("*/env.toml"))
PLATFORMS = ("linux-64", "linux-aarch64")
NO_INDEX = {"UV_OFFLINE": "1", "PIP_NO_INDEX": "1"}
HERE = f"py{sys.version_info.major}.{sys.version_info.minor}"


@pytest.mark.parametrize("folder", ENVIRONMENTS, ids=lambda folder: folder.name)
def test_the_requirements_are_those_that_envlock_writes(folder: Path) -> None:
    """`.github/action/lock` brings them up to date."""
    run([ENVLOCK, "check", folder])
    for platform in PLATFORMS:
        written = run([ENVLOCK, "export", folder, "--format", "requirements", "--platform", platform])
        assert written == (folder / f"{platform}.txt").read_text()
        assert "://" not in written


def test_there_are_requirements_for_every_python_that_runners_bring() -> None:
    assert [folder.name for folder in ENVIRONMENTS] == ["py3.11", "py3.12", "py3.13", "py3.14"]


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the index gives, kept as for later runs: anew where what is locked changes, or how it is installed."""

    def keep(target: Path) -> None:
        cold = runner(tmp_path_factory.mktemp("cold"), Path(sys.executable))
        placed = cold.installed()
        said = cold.step("keep", **given(placed), ENVLOCK_CACHE_DIR=placed["cache"], **NOTHING_RESTORED)
        assert said == {"wheels": "true"}
        shutil.copytree(placed["wheels"], target, dirs_exist_ok=True)

    return made_once(f"action-{HERE}-{recipe_key(*(path for path in sorted(OWN.rglob('*')) if path.is_file()))}", keep)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The job's own: without pip, as on a bare Debian; a link to uv lies beside it."""
    folder = tmp_path_factory.mktemp("python")
    run([find_uv_bin(), "--quiet", "--no-config", "venv", "--clear", "--python", sys.executable, folder / "own"])
    (folder / "own" / "bin" / "uv").symlink_to(find_uv_bin())
    return folder / "own" / "bin" / "python3"


@pytest.fixture(scope="module")
def job(tmp_path_factory: pytest.TempPathFactory, wheels: Path, python: Path) -> Runner:
    """A job that has restored the wheels; nothing else is to be had."""
    made = runner(tmp_path_factory.mktemp("job"), python, **NO_INDEX)
    shutil.copytree(wheels, made.step("place")["wheels"])
    return made


def test_wheels_of_earlier_runs_are_enough(job: Runner, python: Path, tmp_path: Path) -> None:
    """And neither settings of the job nor modules beside it come in between."""
    (tmp_path / "envlock.py").write_text("raise SystemExit('not this one')\n")
    (tmp_path / "click.py").write_text("raise SystemExit('not this one')\n")
    before = sorted(python.parents[1].rglob("*"))
    set_by_job = {"PYTHONPATH": str(tmp_path), "PIP_TARGET": str(tmp_path), "UV_NO_BINARY": "1", "PIP_USER": "1"}
    hostile = replace(job, environment={**job.environment, **set_by_job})
    placed = hostile.installed()
    assert run([placed["envlock"], "--version"], environment=hostile.environment, folder=tmp_path) == "envlock 0.1.0\n"
    assert sorted(python.parents[1].rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".py") == ["click.py", "envlock.py"]


def test_a_job_that_uses_the_action_again_installs_nothing(job: Runner) -> None:
    job.installed()
    assert job.step("place")["installed"] == "true"


@pytest.mark.parametrize("name", ["uv", "click"])
def test_a_wheel_that_somebody_changed_is_refused(name: str, wheels: Path, python: Path, tmp_path: Path) -> None:
    machine = runner(tmp_path / "runner", Path(sys.executable) if name == "uv" else python, **NO_INDEX)
    placed = machine.step("place")
    shutil.copytree(wheels, placed["wheels"])
    (wheel,) = Path(placed["wheels"]).glob(f"{name}-[0-9]*.whl")
    with wheel.open("ab") as file:
        file.write(b"\0")
    with pytest.raises(CommandError, match=r"Hash mismatch for `click|DO NOT MATCH THE HASHES"):
        machine.step("install", **given(placed))
    assert machine.step("place")["installed"] == "false"


def test_a_python_of_the_tool_cache_is_taken_where_the_first_one_is_too_old(tmp_path: Path) -> None:
    old = program(tmp_path / "bin" / "python3", 'echo "py3.10/linux-64.txt $0"')
    program(tmp_path / "bin" / "python3.11", "exit 1")
    kept = tmp_path / "tools" / "Python" / f"{HERE.removeprefix('py')}.1" / "x64" / "bin" / "python3"
    kept.parent.mkdir(parents=True)
    kept.symlink_to(sys.executable)
    machine = runner(tmp_path / "runner", old, RUNNER_TOOL_CACHE=str(tmp_path / "tools"), PATH=alone(tmp_path, old))
    assert machine.step("place")["python"] == str(kept)


@pytest.mark.parametrize("other", ['sys.implementation.name = "pypy"', 'sys.abiflags = "t"'])
def test_a_python_that_no_wheel_is_for_is_passed_over(other: str, tmp_path: Path) -> None:
    start = f"""exec {sys.executable} -I -c "import sys; {other.replace('"', "'")}; exec(sys.argv[1])" "$4" """
    first = program(tmp_path / "first" / "python3", start)
    good = tmp_path / "bin" / HERE.replace("py", "python")
    good.parent.mkdir()
    good.symlink_to(sys.executable)
    machine = runner(tmp_path / "runner", PATH=alone(tmp_path, first, good))
    assert machine.step("place")["python"] == str(good)


def test_that_no_git_is_there_is_said(tmp_path: Path) -> None:
    python = program(tmp_path / "bin" / "python3", f'exec {sys.executable} "$@"')
    machine = runner(tmp_path / "runner", PATH=alone(tmp_path, python))
    (tmp_path / "bin" / "git").unlink()
    with pytest.raises(CommandError, match=r"::error title=envlock::there is no git: install it before"):
        machine.step("place")


def test_that_no_python_will_do_is_said(tmp_path: Path) -> None:
    old = program(tmp_path / "bin" / "python3", "exit 1")
    machine = runner(tmp_path / "runner", PATH=alone(tmp_path, old))
    with pytest.raises(CommandError, match=r"::error title=envlock::no Python from 3\.11 to 3\.14 is found: have"):
        machine.step("place")


def program(path: Path, script: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def alone(folder: Path, *programs: Path) -> str:
    """A PATH of these programs, and of what scripts of the action call, but of no Python."""
    for name in ("bash", "env", "find", "sort", "xargs", "sha256sum", "dirname", "cat", "git"):
        found = shutil.which(name, path="/usr/bin:/bin")
        assert found
        (folder / "bin" / name).symlink_to(found)
    return os.pathsep.join({str(program.parent) for program in programs})


def test_a_machine_that_keeps_a_cache_itself_has_none_restored(tmp_path: Path) -> None:
    said = runner(tmp_path / "runner", Path(sys.executable), ENVLOCK_CACHE_DIR="/srv/envlock").step("place")
    assert (said["cache"], said["keeps-cache"]) == ("/srv/envlock", "false")
    said = runner(tmp_path / "runner", Path(sys.executable)).step("place")
    assert said["keeps-cache"] == "true"


def test_what_no_run_has_used_for_long_is_not_saved_again(job: Runner, tmp_path: Path) -> None:
    placed = job.installed()
    new, old = tmp_path / "packages" / ("0" * 64), tmp_path / "packages" / ("1" * 64)
    new.parent.mkdir()
    new.write_text("new")
    old.write_text("old")
    os.utime(old, (1_600_000_000, 1_600_000_000))
    variables = {**given(placed), "ENVLOCK_CACHE_DIR": str(tmp_path)}
    for there in ({"ENVLOCK_ACTION_RESTORED": "new"}, {"ENVLOCK_ACTION_FOUND": "true"}):
        assert job.step("keep", **variables, **{**NOTHING_RESTORED, **there}) == {}
    assert old.exists()
    assert job.step("keep", **variables, **NOTHING_RESTORED) == {"layers-key": "new"}
    assert (new.exists(), old.exists()) == (True, False)
