"""Asks py-rattler to do something, in a child process.

The child may crash in its last moments with its work done (seen in 2 of 15 runs), so what counts is the
answer, which it writes whole or not at all, and not its exit code.
"""

import json
import os
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.system.mirrors import PREFIX
from envlock.system.process import Running, scrubbed
from envlock.system.secrets import redact_text

_KINDS: dict[str, type[EnvlockError]] = {"unsatisfiable": UserInputError, "outside": OutsideError}
# how the child is told apart from a program that a user's own `rattler` configuration steers
_WORKER = "envlock.system.conda.worker"


class Child:
    """py-rattler getting ready since this was made, for one request of an operation of `worker`.

    Left before it was asked, it is ended.
    """

    def __init__(self, operation: str) -> None:
        self._operation = operation
        # the logins of mirrors are read by the child itself: in a URL they would be kept
        environment = scrubbed("RATTLER_AUTH_FILE", "NETRC", f"{PREFIX}*", PYTHONPATH=_own_path())
        with ExitStack() as stack:
            self._answer = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="envlock-")), "answer.json")
            words = [*command(operation, self._answer), str(os.getpid())]
            self._program = stack.enter_context(Running(words, environment=environment))
            self._stack = stack.pop_all()

    def asked(self, request: Mapping[str, Any]) -> Any:
        """Its answer; its errors come back as ours."""
        done = self._program.finished(json.dumps(request))
        if not self._answer.exists():
            last = redact_text(done.stderr.strip().rpartition("\n")[2]) or f"exit code {done.code}"
            raise OutsideError(f"py-rattler failed while it should {self._operation}: {last}")
        value = json.loads(self._answer.read_bytes())
        if "error" in value:
            raise _KINDS[value["kind"]](redact_text(value["error"]))
        return value["answer"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def ask(operation: str, request: Mapping[str, Any], child: Child | None = None) -> Any:
    """The answer to an operation of `worker`, by a child that is ready for it where there is one."""
    with child or Child(operation) as ready:
        return ready.asked(request)


def command(operation: str, answer: Path) -> list[str]:
    """The child that reads a request on its standard input and writes the file `answer`.

    Given one word more, the process id of its parent, it ends when that one does.
    """
    # -P: a module named like one of ours in the current folder must not be taken
    return [sys.executable, "-P", "-m", _WORKER, operation, str(answer)]


def _own_path() -> str:
    """Where this package lies: found again by a child that is started without the parent's PYTHONPATH."""
    return str(Path(__file__).parents[3])
