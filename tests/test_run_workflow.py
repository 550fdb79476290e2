"""`envlock install` and `envlock run`: the environment as locked, and a child process as if nobody stood between."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.conftest import IndexServers
from tests.support.projects import Project, manifest_text, new_project
from tests.support.services import require
from tests.support.tiny_project import tiny_project
from tests.support.tiny_wheels import write_wheel

VARIABLES = '[variables]\nMODE = "fast"\nLC_ALL = "C.UTF-8"\n'


@pytest.fixture
def project(tmp_path: Path, index_server: IndexServers) -> Project:
    """Locked and not installed: a wheel with a command, over the Python of this machine."""
    tool = {"tool.py": "import sys\n\ndef main():\n    print('tool', *sys.argv[1:])\n"}
    write_wheel(tmp_path / "wheels", "tool", files=tool, entry_points={"tool": "tool:main"})
    index = index_server(tmp_path / "wheels")
    text = manifest_text(pip=["tool"], index=index.url, more=VARIABLES)
    project = new_project(tmp_path / "small", text, cache=tmp_path / "cache")
    project.must("lock")
    return project


def start(project: Project, *arguments: str) -> subprocess.Popen[bytes]:
    """A call that goes on, in a session of its own: no terminal sends it signals."""
    return subprocess.Popen(
        (*project.command, *arguments),
        cwd=project.folder,
        env=project.environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def test_bytes_go_through_as_they_are(project: Project) -> None:
    project.must("install")
    sent = bytes(range(256)) * 4096
    with start(project, "run", "sh", "-c", "cat; echo problem >&2; exit 7") as running:
        stdout, stderr = running.communicate(sent)
    assert (stdout, stderr, running.returncode) == (sent, b"problem\n", 7)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_a_child_that_a_signal_ends(project: Project, number: signal.Signals) -> None:
    assert project.call("run", "sh", "-c", f"kill -{number.name.removeprefix('SIG')} $$").code == 128 + number


WAITING = """
import os, signal, sys
def ended(number, frame):
    os.write(1, signal.Signals(number).name.encode() + b'\\n')  # print may be interrupted in print
    sys.exit(5)
for name in sys.argv[1:]:
    signal.signal(signal.Signals[name], ended)
print("ready", flush=True)
while True:
    signal.pause()
"""


@pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1", "SIGQUIT"])
def test_signals_reach_the_child(project: Project, name: str) -> None:
    with start(project, "run", "python", "-c", WAITING, name) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.send_signal(signal.Signals[name])
        assert running.stdout.read() == f"{name}\n".encode()
    assert running.returncode == 5


COUNTING = """
import os
import signal
counted = []
signal.signal(signal.SIGINT, lambda *_: (counted.append(1), os.write(1, b"interrupted\\n")))
print("ready", flush=True)
input()
print(len(counted))
"""


def test_ctrl_c_in_a_terminal_reaches_the_child_once(project: Project) -> None:
    """The terminal sends it to the child as well as to us."""
    keyboard, terminal = pty.openpty()
    with (
        subprocess.Popen(
            (require("setsid", "util-linux"), "--ctty", *project.command, "run", "python", "-c", COUNTING),
            cwd=project.folder,
            env=project.environment(),
            stdin=terminal,
            stdout=subprocess.PIPE,
        ) as running,
    ):
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        os.write(keyboard, b"\x03")
        assert running.stdout.readline() == b"interrupted\n"
        os.write(keyboard, b"\n")
        assert running.stdout.read() == b"1\n"
    assert running.returncode == 0
    os.close(keyboard)
    os.close(terminal)


def test_a_child_that_does_not_expect_a_signal_ends_by_it(project: Project) -> None:
    with start(project, "run", "python", "-c", WAITING) as running:
        assert running.stdout
        assert running.stdout.readline() == b"ready\n"
        running.terminate()
        assert running.wait(60) == 128 + signal.SIGTERM


def test_the_variables_of_an_environment(project: Project) -> None:
    prefix = project.must("install").strip()
    foreign = project.given(PYTHONPATH="/nowhere", CONDA_PREFIX="/nowhere", MODE="slow", OWN="x")
    shown = foreign.must(
        "run", "sh", "-c", 'echo "$MODE $OWN $VIRTUAL_ENV ${PATH%%:*} ${PYTHONPATH-} ${CONDA_PREFIX-}"'
    )
    assert shown == f"fast x {prefix} {prefix}/bin  \n"
    assert foreign.must("run", "python", "-c", "import sys; print(sys.prefix)") == f"{prefix}\n"
    assert foreign.must("run", "tool", "a b", "--json") == "tool a b --json\n"


def test_commands_are_looked_up_as_a_shell_does(project: Project) -> None:
    script = project.folder / "script.sh"
    script.write_text("#!/bin/sh\necho $0 in $PWD\n")
    result = project.call("--quiet", "run", "./script.sh")
    assert (result.code, result.stdout, result.stderr) == (3, "", "error: `./script.sh` is not executable\n")
    script.chmod(0o755)
    assert project.must("run", "./script.sh") == f"./script.sh in {project.folder}\n"


def test_two_at_once_build_once(project: Project) -> None:
    """Both find a cold store; one installs, the other waits for it."""
    code = "import tool, sys; print(sys.prefix)"
    running = [start(project, "run", "python", "-c", code) for _ in range(2)]
    said = [each.communicate() for each in running]
    assert [each.returncode for each in running] == [0, 0], said
    assert len({stdout for stdout, _ in said}) == 1
    assert sorted(stderr.count(b"installing 1 package\n") for _, stderr in said) == [0, 1]


def test_an_environment_in_a_folder_of_ones_own(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own place"
    assert project.must("install", "--prefix", own) == f"{own}\n"
    made = (own / "bin" / "tool").stat()
    assert project.must("install", "--prefix", own) == f"{own}\n"
    assert (own / "bin" / "tool").stat() == made
    assert output(own / "bin" / "tool", "x") == "tool x\n"
    assert not (project.cache / "prefixes").exists()


def test_a_folder_of_ones_own_follows_the_lock(project: Project, tmp_path: Path) -> None:
    own = tmp_path / "own"
    project.must("install", "--prefix", own)
    (own / "left.txt").write_text("by somebody")
    write_wheel(tmp_path / "wheels", "tool", "2.0")
    project.must("lock", "--upgrade")
    project.must("install", "--prefix", own)
    assert output(own / "bin" / "python", "-c", "import tool; print(tool.__version__)") == "2.0\n"
    assert not (own / "left.txt").exists()
    assert not (own / "bin" / "tool").exists()


def test_a_folder_of_somebody_else_is_refused(project: Project, tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("much work")
    result = project.call("--quiet", "install", "--prefix", tmp_path / "thesis")
    assert (result.code, result.stdout, result.stderr) == (
        2,
        "",
        f"error: `{tmp_path}/thesis` is not empty and was not made by envlock\n"
        "hint: name a folder that is empty or not there yet\n",
    )
    assert (tmp_path / "thesis" / "chapter.tex").read_text() == "much work"


def test_what_is_edited_in_one_place_stays_there(tmp_path: Path) -> None:
    """No file is shared with the cache or with another prefix, neither conda's nor a wheel's."""
    with tiny_project(tmp_path) as project:
        project.must("lock")
        first, second = tmp_path / "first", tmp_path / "second"
        project.must("install", "--prefix", first)
        files = [path for path in first.rglob("*") if path.is_file() and not path.is_symlink()]
        assert {path.stat().st_nlink for path in files} == {1}
        for path in files:
            path.chmod(0o644)
            path.write_bytes(b"edited")
        project.must("install", "--prefix", second)
        assert [path for path in second.rglob("*") if path.is_file() and path.read_bytes() == b"edited"] == []
        assert output(second / "bin" / "tool") == "it works\n"


def output(*command: str | Path) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_changed_setting_installs_nothing_anew(project: Project) -> None:
    before = project.must("install")
    project.change('MODE = "fast"', 'MODE = "slow"')
    project.must("lock")
    result = project.call("install")
    assert (result.code, result.stdout, result.stderr) == (0, before, "")
    assert project.must("run", "sh", "-c", "echo $MODE") == "slow\n"
