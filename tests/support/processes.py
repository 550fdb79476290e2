"""Programs and servers: run to the end, or started, waited for, and ended by their process id."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.cache import AMBIENT

Command = Sequence[str | Path]

POLL = 0.02  # seconds between two questions whether a server answers
PROJECT = Path(__file__).parents[2]
DONE = "all is done"
PATIENCE = 30.0  # seconds for a server to answer, and again for it to end


class ServerError(Exception):
    """A server ended, or did not answer in time; the message ends with the tail of its log."""


class CommandError(Exception):
    """A command failed; the message holds all that it printed."""


def run(
    command: Command,
    *,
    environment: Mapping[str, str] = AMBIENT,
    folder: Path | None = None,
    timeout: float = 600,
) -> str:
    """The standard output of a command that must succeed."""
    done = subprocess.run(
        command, env=environment, cwd=folder, timeout=timeout, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        words = " ".join(map(str, command))
        raise CommandError(f"exit {done.returncode} of {words}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def run_here(*command: str | Path, **variables: str) -> str:
    """The same in the environment as the test has it, with `variables`."""
    return run(command, environment=with_variables(variables))


def run_python(code: str) -> str:
    """What Python code printed in a process of its own that may crash at its very end, as rattler's do.

    A marker, not the exit code, says that all of it was done.
    """
    whole = f"{code}\nprint({DONE!r}, flush=True)\nimport os\nos._exit(0)"
    printed = run((sys.executable, "-c", whole), environment=with_variables({"PYTHONPATH": str(PROJECT)}))
    if not printed.endswith(f"{DONE}\n"):
        raise CommandError(f"ended before all was done:\n{code}\n{printed}")
    return printed.removesuffix(f"{DONE}\n")


@contextmanager
def server(
    command: Command,
    *,
    log: Path,
    answers: Callable[[], bool],
    environment: Mapping[str, str] = AMBIENT,
) -> Iterator[int]:
    """The process id of a server that answers; it has ended when the block is left, or this process dies."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            (*_tied_to_us(), *command),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches us, and we end it in order
        )
    try:
        _wait(process, log, answers)
        yield process.pid
    finally:
        _end(process)


def _tied_to_us() -> Command:
    """On Linux, words before a command that have it ended when we are killed and can end nothing."""
    setpriv = shutil.which("setpriv")
    return (setpriv, "--pdeathsig", "TERM", "--") if setpriv else ()


def _wait(process: subprocess.Popen[bytes], log: Path, answers: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers():
        if process.poll() is not None:
            raise ServerError(f"exit {process.returncode} of {process.args!r}\n{_tail(log)}")
        if time.monotonic() > deadline:
            raise ServerError(f"no answer within {PATIENCE:.0f} s of {process.args!r}\n{_tail(log)}")
        time.sleep(POLL)


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tail(log: Path, lines: int = 15) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def with_variables(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment as it is now, with `changes`."""
    return {**os.environ, **changes}
