"""Other programs, spoken with in bytes."""

import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Self

from envlock.errors import OutsideError


@dataclass(frozen=True, slots=True)
class FinishedBytes:
    """As `Finished`, of a program whose answer is no text, or not yet."""

    code: int
    stdout: bytes
    stderr: str


def run_bytes(command: Sequence[str], *, environment: Mapping[str, str], stdin: bytes = b"") -> FinishedBytes:
    """Runs a program to its end and returns the bytes that it printed; OutsideError where it cannot be started."""
    try:
        done = subprocess.run(command, env=dict(environment), input=stdin, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise OutsideError(f"`{command[0]}` is not there", hint="run `envlock doctor`") from error
    return FinishedBytes(done.returncode, done.stdout, done.stderr.decode(errors="replace"))


class Pipes:
    """A program that is spoken with in bytes while it runs, by `stdin` and `stdout`; left early, it is ended."""

    def __init__(self, command: Sequence[str], *, environment: Mapping[str, str], folder: str | None = None) -> None:
        pipe = subprocess.PIPE
        # no pipe: nobody reads it before the end, and a full one would stop the program
        self._errors = TemporaryFile()  # noqa: SIM115 - closed with the program
        try:
            self._child = subprocess.Popen(
                command, stdin=pipe, stdout=pipe, stderr=self._errors, env=dict(environment), cwd=folder
            )
        except FileNotFoundError as error:
            self._errors.close()
            raise OutsideError(f"`{command[0]}` is not there", hint="run `envlock doctor`") from error
        assert self._child.stdin
        assert self._child.stdout
        self.stdin: IO[bytes] = self._child.stdin
        self.stdout: IO[bytes] = self._child.stdout

    def finish(self) -> tuple[int, str]:
        """Its exit code and what it said on stderr, once it has ended; nothing more is told to it or read from it."""
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        code = self._child.wait()
        self._errors.seek(0)
        return code, self._errors.read().decode(errors="replace")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.kill()
        with suppress(BrokenPipeError):
            self.stdin.close()
        self.stdout.close()
        self._child.wait()
        self._errors.close()
