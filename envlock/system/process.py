"""The one door to other programs."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType

from envlock.errors import OutsideError

# What a scrubbed child keeps: where programs, certificates, proxies, temporary files and the machine's words are.
_KEPT = {
    "PATH",
    "HOME",
    "TMPDIR",
    "LANG",
    "LC_ALL",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "XDG_RUNTIME_DIR",
}


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that has run: exit code and what it printed."""

    code: int
    stdout: str
    stderr: str


def scrubbed(*also: str, **extra: str) -> dict[str, str]:
    """Our environment without ambient configuration (`PIP_*`, `UV_*`, `CONDA_*`, …), but with `also`, plus `extra`."""
    wanted = {*_KEPT, *also}
    kept = {k: v for k, v in os.environ.items() if k.upper() in wanted}
    return {**kept, **extra}


def run(
    command: Sequence[str], *, environment: Mapping[str, str], stdin: str = "", folder: str | None = None
) -> Finished:
    """Runs a program to its end and returns what it said; OutsideError where it cannot be started."""
    try:
        done = subprocess.run(
            command,
            input=stdin,
            env=dict(environment),
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError as error:
        raise OutsideError(f"`{command[0]}` is not there", hint="run `envlock doctor`") from error
    return Finished(done.returncode, done.stdout, done.stderr)


def attach(command: Sequence[str], *, environment: Mapping[str, str]) -> int:
    """Runs a child on our own stdin, stdout and stderr, hands it our signals, and returns its exit code.

    A child ended by signal N gives 128 + N, as a shell would say it.
    """
    with _forwarded_signals() as children:
        child = _started(command, environment)
        children.append(child)
        code = child.wait()
    return 128 - code if code < 0 else code


def _started(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    try:
        return subprocess.Popen(command, env=dict(environment))
    except FileNotFoundError:
        raise OutsideError(f"`{command[0]}` is neither in the environment nor on PATH") from None
    except PermissionError:
        raise OutsideError(f"`{command[0]}` is not executable") from None
    except OSError as error:
        raise OutsideError(f"`{command[0]}` cannot be started: {error.strerror}") from None


@contextmanager
def _forwarded_signals() -> Iterator[list["subprocess.Popen[bytes]"]]:
    """While inside, SIGTERM and SIGHUP go to the child.

    Ctrl-C and Ctrl-\\ reach it from the terminal by themselves, to the whole group: here they are only not ours.
    """
    children: list[subprocess.Popen[bytes]] = []

    def pass_on(number: int, _frame: FrameType | None) -> None:
        for child in children:
            child.send_signal(number)

    handlers = {
        **dict.fromkeys((signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2), pass_on),
        **dict.fromkeys((signal.SIGINT, signal.SIGQUIT), _ignore),
    }
    # what `nohup`, or a shell for what runs in the background, had us ignore, the child is to ignore too
    heard = [number for number in handlers if signal.getsignal(number) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handlers[number]) for number in heard}
    try:
        yield children
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore(_number: int, _frame: FrameType | None) -> None:
    """A handler, not SIG_IGN: an ignored signal would stay ignored in the child."""
