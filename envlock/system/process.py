"""The one door to other programs."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from socket import socket
from threading import Thread
from types import FrameType
from typing import Self

from envlock.errors import OutsideError

# what libraries raise of programs that they start by themselves
ProgramFailed = subprocess.CalledProcessError

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

# how git and ssh get at a person's keys
OF_GIT = ("SSH_AUTH_SOCK", "SSH_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_ASKPASS")

# by which git tells its hooks of a repository; inherited, they would send us to another one. As of
# `git rev-parse --local-env-vars`, but for what sets its configuration.
_OF_REPOSITORIES = (
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_CONFIG",
    "GIT_DIR",
    "GIT_GRAFT_FILE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_NO_REPLACE_OBJECTS",
    "GIT_OBJECT_DIRECTORY",
    "GIT_PREFIX",
    "GIT_QUARANTINE_PATH",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_WORK_TREE",
)

_OF_TERMINALS = (signal.SIGINT, signal.SIGQUIT)
_PASSED = (*_OF_TERMINALS, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2)


@dataclass(frozen=True, slots=True)
class Finished:
    """A program that has run: exit code and what it printed."""

    code: int
    stdout: str
    stderr: str


def scrubbed(*also: str, **extra: str) -> dict[str, str]:
    """Our environment without ambient configuration (`PIP_*`, `UV_*`, `CONDA_*`, …), but with `also`, plus `extra`.

    Names in `also` may end in `*`.
    """
    wanted = (*_KEPT, *also)
    kept = {k: v for k, v in os.environ.items() if any(fnmatchcase(k.upper(), name) for name in wanted)}
    return {**kept, **extra}


def without_git_variables(*keep: str, **extra: str) -> dict[str, str]:
    """Our environment as the git program needs it: a person's settings, identity and keys, but no repository."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_REPOSITORIES or name in keep}
    return {**kept, **extra}


class Running:
    """A program at work since this was made; OutsideError where it cannot be started.

    Left before it was asked for its end, it is ended, and with `group` all programs that it has started. With
    `together` all that it says comes on stdout.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        folder: str | None = None,
        group: bool = False,
        together: bool = False,
    ) -> None:
        pipe = subprocess.PIPE
        self._group = group
        try:
            self._child = subprocess.Popen(
                command,
                stdin=pipe,
                stdout=pipe,
                stderr=subprocess.STDOUT if together else pipe,
                env=dict(environment),
                cwd=folder,
                text=True,
                errors="replace",
                process_group=0 if group else None,
            )
        except FileNotFoundError as error:
            raise OutsideError(f"`{command[0]}` is not there", hint="run `envlock doctor`") from error
        _AT_WORK.add(self)

    def end(self) -> None:
        """Ends it, wherever it is."""
        with suppress(ProcessLookupError, PermissionError):
            if self._group:
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()

    def told(self, line: Callable[[str], None]) -> int:
        """Its exit code, once it has ended; what it says goes to `line` by lines, as it comes."""
        assert self._child.stdin
        assert self._child.stdout
        self._child.stdin.close()
        for said in self._child.stdout:
            line(said.rstrip("\n"))
        return self._child.wait()

    def finished(self, stdin: str = "") -> Finished:
        """What it said, once it has ended."""
        stdout, stderr = self._child.communicate(stdin)
        return Finished(self._child.returncode, stdout, stderr)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self.end()
        with self._child:  # closes its pipes and waits for it
            _AT_WORK.discard(self)


# by whichever thread they were started
_AT_WORK: set[Running] = set()


def end_all() -> None:
    """Ends every program that some thread waits for."""
    for program in tuple(_AT_WORK):
        program.end()


def run(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    stdin: str = "",
    folder: str | None = None,
    group: bool = False,
) -> Finished:
    """Runs a program to its end and returns what it said; OutsideError where it cannot be started."""
    with Running(command, environment=environment, folder=folder, group=group) as program:
        return program.finished(stdin)


def told(command: Sequence[str], *, environment: Mapping[str, str], line: Callable[[str], None]) -> int:
    """Runs a program to its end and gives its exit code; each line that it says goes to `line`."""
    with Running(command, environment=environment, together=True) as program:
        return program.told(line)


def on_socket(command: Sequence[str], connection: socket, environment: Mapping[str, str]) -> None:
    """Runs a program to its end that has a connection as its stdin and stdout, and closes that."""
    with connection, suppress(OSError):
        subprocess.run(
            command,
            stdin=connection.fileno(),
            stdout=connection.fileno(),
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,  # a Ctrl-C is for us: it must not end what we still say goodbye through
            check=False,
        )


@dataclass(frozen=True, slots=True)
class Ended:
    """How a child ended: the code that a shell would give it, and the name of the signal that ended it, if one did."""

    code: int
    signal: str | None = None


def attach(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    meanwhile: Callable[[], None] | None = None,
    at_end: Callable[[Ended], None] | None = None,
) -> int:
    """Runs a child on our own stdin, stdout and stderr, hands it our signals, and returns its exit code.

    A child ended by signal N gives 128 + N, as a shell would say it. `meanwhile` is done beside it, and then, when it
    has ended, `at_end`: neither raises, and no signal of those that were the child's interrupts them.
    """
    with _forwarded_signals() as pass_to:
        child = _started(command, environment)
        pass_to(child)
        beside = _thread(meanwhile) if meanwhile else None
        code = child.wait()
        ended = Ended(128 - code, _signal_name(-code)) if code < 0 else Ended(code)
        if at_end:
            at_end(ended)
        if beside:
            beside.join()
    return ended.code


def _thread(work: Callable[[], None]) -> Thread:
    """A thread that hears no signal: one that came to it would not wake the main thread, which waits for the child."""
    thread = Thread(target=work)
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    try:
        thread.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return thread


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # one of those for real time
        return f"signal {number}"


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
def _forwarded_signals() -> Iterator["Callable[[subprocess.Popen[bytes]], None]"]:
    """While inside, the signals of `_PASSED` go to the child that is given instead of ending us, earlier ones too."""
    children: list[subprocess.Popen[bytes]] = []
    early: list[int] = []  # a child may run already while we have not yet been told of it

    def pass_on(number: int, _frame: FrameType | None) -> None:
        if number in _OF_TERMINALS and _in_foreground():
            return  # the terminal sends it to the whole group: the child has it already
        for child in children:
            child.send_signal(number)
        if not children:
            early.append(number)

    def pass_to(child: "subprocess.Popen[bytes]") -> None:
        children.append(child)
        for number in early:
            child.send_signal(number)

    # what `nohup`, or a shell for what runs in the background, had us ignore, the child is to ignore too
    heard = [number for number in _PASSED if signal.getsignal(number) is not signal.SIG_IGN]
    # handlers, not SIG_IGN: an ignored signal would stay ignored in the child
    before = {number: signal.signal(number, pass_on) for number in heard}
    try:
        yield pass_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _in_foreground() -> bool:
    """Are we in the group that a terminal's Ctrl-C is for?"""
    try:
        with Path("/dev/tty").open() as terminal:
            return os.tcgetpgrp(terminal.fileno()) == os.getpgrp()
    except OSError:
        return False
