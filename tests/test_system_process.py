"""The door to other programs: what they inherit, and children that take our place."""

import os
import signal
import subprocess
import sys
from collections import UserDict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.system.process import attach, run, scrubbed
from tests.support.processes import PROJECT

ATTACH = (
    "import os, sys; from envlock.system.process import attach; sys.exit(attach(sys.argv[1:], environment=os.environ))"
)
# a child that says when its handlers stand, and by which signal it was told to go
LISTENING = """
import os, signal, sys
def told(number, frame):
    os.write(1, signal.Signals(number).name.encode() + b'\\n')  # print may be interrupted in print
    sys.exit(7)
for name in sys.argv[1:]:
    signal.signal(getattr(signal, name), told)
print("ready", flush=True)
while True:
    signal.pause()
"""


def test_the_environment_of_the_machine_is_kept_and_that_of_tools_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        monkeypatch.delenv(name)
    for name in ("PATH", "https_proxy", "SSL_CERT_FILE", "PIP_INDEX_URL", "UV_INDEX", "CONDA_PREFIX", "AUTH", "OTHER"):
        monkeypatch.setenv(name, f"of {name}")
    expected = {name: f"of {name}" for name in ("PATH", "https_proxy", "SSL_CERT_FILE")}
    assert scrubbed() == expected
    assert scrubbed("AUTH", "ABSENT", PATH="/x", NEW="1") == {**expected, "AUTH": "of AUTH", "PATH": "/x", "NEW": "1"}


def test_a_program_that_ran(tmp_path: Path) -> None:
    code = "import os, sys; print(sys.stdin.read(), os.environ['A'], os.getcwd()); print('é', file=sys.stderr); exit(3)"
    done = run([sys.executable, "-c", code], environment={"A": "b"}, stdin="in", folder=str(tmp_path))
    assert (done.code, done.stdout, done.stderr) == (3, f"in b {tmp_path.resolve()}\n", "é\n")


def test_bytes_that_are_no_text_do_no_harm() -> None:
    done = run([sys.executable, "-c", "import os; os.write(1, b'a\\xffb')"], environment={})
    assert done.stdout == "a\ufffdb"


def not_executable(folder: Path) -> str:
    (folder / "file").write_text("x")
    return str(folder / "file")


def no_program(folder: Path) -> str:
    (folder / "binary").write_bytes(b"\x7fNOT A PROGRAM")
    (folder / "binary").chmod(0o755)
    return str(folder / "binary")


def test_a_program_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(OutsideError) as failure:
        run([str(tmp_path / "none")], environment={})
    assert (failure.value.message, failure.value.hint) == (
        f"`{tmp_path / 'none'}` is not there",
        "run `envlock doctor`",
    )


def test_what_cannot_be_attached(tmp_path: Path) -> None:
    for command, message in (
        ("no-such-program", "`no-such-program` is neither in the environment nor on PATH"),
        (not_executable(tmp_path), f"`{tmp_path / 'file'}` is not executable"),
        (f"{not_executable(tmp_path)}/x", f"`{tmp_path / 'file'}/x` cannot be started: Not a directory"),
        (no_program(tmp_path), f"`{tmp_path / 'binary'}` cannot be started: Exec format error"),
    ):
        with pytest.raises(OutsideError) as failure:
            attach([command], environment={"PATH": "/usr/bin:/bin"})
        assert failure.value.message == message
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("pass", 0),
        ("exit(1)", 1),
        ("exit(255)", 255),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137),
        ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143),
    ],
)
def test_the_exit_code_is_the_childs(code: str, expected: int) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)}
    assert attach([sys.executable, "-c", code], environment=os.environ) == expected
    assert {number: signal.getsignal(number) for number in before} == before


def test_input_and_output_are_the_childs() -> None:
    code = "import sys; print(sys.stdin.read()); print('e', file=sys.stderr)"
    done = subprocess.run(
        attaching(sys.executable, "-c", code), input="in", capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert (done.stdout, done.stderr) == ("in\n", "e\n")


def attaching(*command: str, first: str = "") -> list[str]:
    return [sys.executable, "-c", f"{first}\n{ATTACH}", *command]


@contextmanager
def attached(*command: str, first: str = "", stdin: int = subprocess.DEVNULL) -> Iterator["subprocess.Popen[str]"]:
    """A process of its own that attaches to a child which says that it is ready."""
    process = subprocess.Popen(
        attaching(*command, first=first),
        stdin=stdin,
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT,
        start_new_session=True,
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.kill()
        process.communicate(timeout=30)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGINT", "SIGQUIT"])
def test_a_signal_reaches_the_child_which_decides(name: str) -> None:
    with attached(sys.executable, "-c", LISTENING, name) as process:
        process.send_signal(getattr(signal, name))
        told, _ = process.communicate(timeout=30)
        assert (told, process.returncode) == (f"{name}\n", 7)


def test_a_child_that_does_not_listen_ends_as_it_would_alone() -> None:
    with attached(sys.executable, "-c", LISTENING) as process:
        process.terminate()
        assert process.wait(timeout=30) == 143


@pytest.mark.parametrize(("key", "name"), [(b"\x03", "SIGINT"), (b"\x1c", "SIGQUIT")])
def test_a_key_reaches_both_and_the_child_decides(key: bytes, name: str) -> None:
    """A terminal sends it to the whole group: we outlive it, and the child hears it once."""
    ours, theirs = os.openpty()
    own_terminal = "import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)"
    try:
        with attached(sys.executable, "-c", LISTENING, name, first=own_terminal, stdin=theirs) as process:
            os.write(ours, key)
            told, _ = process.communicate(timeout=30)
            assert (told, process.returncode) == (f"{name}\n", 7)
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("name", ["SIGHUP", "SIGINT", "SIGTERM"])
def test_what_we_were_told_to_ignore_the_child_ignores_too(name: str) -> None:
    """As `nohup` has it, and a shell for what it starts in the background."""
    ignore = f"import signal; signal.signal(signal.{name}, signal.SIG_IGN)"
    code = f"import signal; print(signal.getsignal(signal.{name}) is signal.SIG_IGN)"
    done = subprocess.run(
        attaching(sys.executable, "-c", code, first=ignore), capture_output=True, text=True, check=True, cwd=PROJECT
    )
    assert done.stdout == "True\n"


class SignalsUs(UserDict[str, str]):
    """Variables of a child; while they are read, before there is one, somebody ends us."""

    def __iter__(self) -> Iterator[str]:
        os.kill(os.getpid(), signal.SIGTERM)
        return super().__iter__()


def test_a_signal_that_comes_before_we_know_of_the_child_is_handed_on() -> None:
    child = "attach(['sleep', '30'], environment=SignalsUs(os.environ))"
    script = f"from tests.test_system_process import *; sys.exit({child})"
    done = subprocess.run([sys.executable, "-c", script], cwd=PROJECT, timeout=50, check=False)
    assert done.returncode == 128 + signal.SIGTERM
