"""A run of the uv program: at work since it was made, so that others can get ready for its answer meanwhile."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from envlock.solvers.requests import PipRequest
from envlock.solvers.uv_command import Round, first_round, start_uv, write_question
from envlock.system.process import Finished


def _nothing(_folder: Path) -> Sequence[str]:
    return ()


class UvRun:
    """uv asked once, in a `folder` of its own, which goes when this is left. `flags` says what else uv is told, and
    writes the files for it into the folder."""

    def __init__(self, request: PipRequest, asked: Round, flags: Callable[[Path], Sequence[str]] = _nothing) -> None:
        self.request, self.asked = request, asked
        with ExitStack() as stack:
            self.folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="envlock-")))
            command = [*write_question(request, asked, self.folder), *flags(self.folder)]
            self._uv = stack.enter_context(start_uv(command, request, self.folder))
            self._stack = stack.pop_all()

    def finished(self) -> Finished:
        """What uv said, once it has ended."""
        return self._uv.finished()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def begun(request: PipRequest) -> UvRun | None:
    """What uv is asked first; None where more must be known for it."""
    asked = first_round(request)
    return None if asked.built else UvRun(request, asked)
