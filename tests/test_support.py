"""The ground that tests stand on: wheels, processes, services, the cache and the home of a test."""

import os
import select
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import cache, services
from tests.support.processes import PROJECT, ServerError, run, run_here, server, with_variables
from tests.support.tiny_wheels import write_wheel

LISTENER = (sys.executable, "-c", "import signal; print('ready', flush=True); signal.pause()")


def test_a_tiny_wheel_installs_and_has_the_same_bytes_each_time(tmp_path: Path) -> None:
    def write(folder: Path) -> Path:
        return write_wheel(folder, "acme-tool", entry_points={"acme": "acme_tool:__name__.upper"})

    wheel = write(tmp_path / "one")
    assert wheel.read_bytes() == write(tmp_path / "two").read_bytes()
    pip: list[str | Path] = [
        sys.executable,
        "-m",
        "pip",
        "--isolated",
        "install",
        "--quiet",
        "--no-index",
        "--target",
    ]
    run_here(*pip, tmp_path / "target", wheel, PIP_CONFIG_FILE=os.devnull)
    code = "import acme_tool, importlib.metadata as m; print(acme_tool.__version__, m.version('acme-tool'))"
    assert run_here(sys.executable, "-c", code, PYTHONPATH=str(tmp_path / "target")) == "1.0 1.0\n"


def test_a_hostile_wheel_holds_what_it_was_given(tmp_path: Path) -> None:
    bad = {"../up.py": "up", "/absolute.py": "root", "way/out.py": "through a link"}
    wheel = write_wheel(tmp_path, "bad", bad=bad, links={"way": "/tmp"})
    with zipfile.ZipFile(wheel) as archive:
        assert set(bad) < {entry.orig_filename for entry in archive.infolist()}
        link = archive.infolist()[0]
        assert stat.S_ISLNK(link.external_attr >> 16)
        assert archive.read(link) == b"/tmp"


def test_a_server_has_ended_when_its_block_is_left(tmp_path: Path) -> None:
    log = tmp_path / "log"
    running: list[int] = []

    def fail_while_it_runs() -> None:
        with server(LISTENER, log=log, answers=lambda: "ready" in log.read_text()) as process:
            running.append(process)
            os.kill(process, 0)  # it is there
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_while_it_runs()
    with pytest.raises(ProcessLookupError):
        os.kill(running[0], 0)


def test_a_server_ends_with_a_test_process_that_is_killed(tmp_path: Path) -> None:
    services.require("setpriv", "util-linux")
    code = f"""
import os, pathlib, signal, sys
from tests.support.processes import server
log = pathlib.Path({str(tmp_path / "log")!r})
with server({LISTENER!r}, log=log, answers=lambda: "ready" in log.read_text()) as process:
    print(process, flush=True)
    sys.stdin.readline()
    os.kill(os.getpid(), signal.SIGKILL)
"""
    variables = with_variables({"PYTHONPATH": str(PROJECT)})
    child = subprocess.Popen(
        [sys.executable, "-c", code], env=variables, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with child:
        assert child.stdout is not None
        listener = os.pidfd_open(int(child.stdout.readline()))
        child.communicate("go\n")
    ended, _, _ = select.select([listener], [], [], 30)  # a process's descriptor is readable once it has ended
    os.close(listener)
    assert ended


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "raise SystemExit('the port is taken')"]
    with (
        pytest.raises(ServerError, match="the port is taken"),
        server(failing, log=tmp_path / "log", answers=lambda: False),
    ):
        pass


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_missing_service_fails_in_ci_and_is_skipped_for_a_person(
    monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[Exception]
) -> None:
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome, match="`no-such-program` is not installed"):
        services.require("no-such-program", "no-such-package")


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_a_service_that_cannot_start_is_as_good_as_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[Exception]
) -> None:
    monkeypatch.setenv("CI", ci)
    failing = (sys.executable, "-c", "raise SystemExit('the port is taken')")
    with (
        pytest.raises(outcome, match="the port is taken"),
        services.service(failing, log=tmp_path / "log", answers=lambda: False),
    ):
        pass


def test_what_is_half_made_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cache.AMBIENT, "ENVLOCK_TEST_CACHE", str(tmp_path))

    def half(folder: Path) -> None:
        (folder / "half").touch()
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cache.made_once("thing", half)
    made = cache.made_once("thing", lambda folder: (folder / "whole").touch())
    assert cache.made_once("thing", half) == made
    assert [path.name for path in made.iterdir()] == ["whole"]


@pytest.fixture(scope="module")
def settings_of_git_for_a_module() -> str:
    return run(("git", "config", "--global", "--list", "--show-origin"))


def test_fixtures_of_modules_have_settings_of_git_of_their_own(
    settings_of_git_for_a_module: str, isolated_git: Path
) -> None:
    assert {line.partition("\t")[0] for line in settings_of_git_for_a_module.splitlines()} == {f"file:{isolated_git}"}


def test_nothing_of_the_person_at_the_machine_is_seen(isolated_home: Path) -> None:
    assert Path.home() == isolated_home
    assert not [name for name in os.environ if name.startswith(("UV_", "PIP_"))]
    assert Path(os.environ["ENVLOCK_CACHE_DIR"]).is_relative_to(isolated_home)
