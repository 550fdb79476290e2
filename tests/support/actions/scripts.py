"""`run:`: a script in a process of its own, with nothing but the environment that a runner gives."""

import os
import shlex
import signal
import subprocess
import threading
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.support.actions.running import RunningJob

_SHELLS = {
    None: "bash -e {0}",
    "bash": "bash --noprofile --norc -eo pipefail {0}",
    "sh": "sh -e {0}",
    "python": "python3 {0}",
}


class ScriptError(Exception):
    """A script that cannot be started."""


@dataclass(frozen=True, kw_only=True)
class Script:
    text: str
    shell: str | None
    folder: Path
    variables: Mapping[str, str]
    seconds: float


@dataclass(frozen=True, kw_only=True)
class Ended:
    code: int
    stdout: bytes
    stderr: bytes
    timed_out: bool = False


def run_script(script: Script, job: RunningJob, *, was_asked: bool) -> Ended:
    """To its end; who cancels has it told by SIGINT, then by SIGTERM, and then killed with all that it started."""
    path = job.folders.temp / f"{uuid.uuid4()}.sh"
    path.write_text(script.text)
    cancellation, patience = job.cancellation, job.host.patience
    process = subprocess.Popen(
        _command(script.shell, path),
        cwd=script.folder,
        env=script.variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    cancellation.watched(lambda: _Ending(process, patience).begin(), was_asked=was_asked)
    try:
        stdout, stderr = process.communicate(timeout=script.seconds)
        return Ended(code=_code(process), stdout=stdout, stderr=stderr)
    except subprocess.TimeoutExpired:
        _Ending(process, patience).begin()
        stdout, stderr = process.communicate()
        return Ended(code=_code(process), stdout=stdout, stderr=stderr, timed_out=True)
    finally:
        cancellation.left()
        path.unlink()


def _command(shell: str | None, path: Path) -> list[str]:
    template = _SHELLS.get(shell, shell) or ""
    if "{0}" not in template:
        raise ScriptError(
            f"Invalid shell option. Shell must be a valid built-in or a format string with '{{0}}': {shell}"
        )
    return [word.replace("{0}", str(path)) for word in shlex.split(template)]


def _code(process: "subprocess.Popen[bytes]") -> int:
    """As shells have it."""
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


class _Ending:
    """The process alone is asked; once it is gone, or does not go, all that it started is killed."""

    def __init__(self, process: "subprocess.Popen[bytes]", patience: tuple[float, float]) -> None:
        self._process, self._patience = process, patience

    def begin(self) -> None:
        self._process.send_signal(signal.SIGINT)
        threading.Thread(target=self._go_on, daemon=True).start()

    def _go_on(self) -> None:
        for seconds, ask in zip(self._patience, (self._process.terminate, self._process.kill), strict=True):
            try:
                self._process.wait(seconds)
                break
            except subprocess.TimeoutExpired:
                ask()
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)  # it leads a session of its own
