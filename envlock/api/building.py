"""`Build`: an image that is being made in a thread of its own."""

import sys
import threading
from collections.abc import Callable, Sequence
from importlib import import_module
from threading import Condition, Event, Thread

from envlock.api.session import LOGGER
from envlock.errors import EnvlockError
from envlock.workflows.build import BuildResult

RUNNING, SUCCEEDED, FAILED = "Running", "Succeeded", "Failed"
# the work: is given who is told of each line, and what is set where the result is no longer wanted
Work = Callable[[Callable[[str], None], Event], BuildResult]


class Build:
    """A build: it has begun when there is one, and goes on by itself; a program does not end before it.

    What nobody has waited for then, and failed, is logged as an error. `told` is what was said of it before it began.
    """

    def __init__(self, work: Work, told: Sequence[str] = ()) -> None:
        self._lines = [*told]
        self._result: BuildResult | None = None
        self._error: BaseException | None = None
        self._ended = False
        self._news = Condition()
        self._stopped = Event()
        self._thread = Thread(target=self._run, args=(work,), name="envlock-build")
        _AT_WORK.add(self)
        self._thread.start()

    @property
    def status(self) -> str:
        """`Running`, `Succeeded` or `Failed`."""
        with self._news:
            if not self._ended:
                return RUNNING
            return FAILED if self._error else SUCCEEDED

    def get_log(self) -> str:
        """What was told so far, a line a step; of what failed also why."""
        with self._news:
            return "".join(f"{line}\n" for line in self._lines)

    def wait_for_completion(self, show_output: bool = True) -> "Build":
        """Waits, and writes the log to stdout meanwhile where that is wanted.

        Raises what the build failed of: UserInputError, OutsideError or AnswerIsNo. Ctrl-C ends the build, too.
        """
        try:
            self._follow(show_output=show_output)
        except BaseException:
            self._stopped.set()
            raise
        finally:
            _AT_WORK.discard(self)
        self._thread.join()
        if self._error:
            raise self._error
        return self

    @property
    def result(self) -> BuildResult:
        """What was made, which is waited for: `name`, `digest`, `reference`, `layers`, `cached`, `in_registry`."""
        self.wait_for_completion(show_output=False)
        assert self._result
        return self._result

    def _follow(self, *, show_output: bool) -> None:
        shown = 0
        while True:
            with self._news:
                while not self._ended and len(self._lines) == shown:
                    self._news.wait()
                lines, ended = self._lines[shown:], self._ended
            shown += len(lines)
            if show_output:
                sys.stdout.write("".join(f"{line}\n" for line in lines))
                sys.stdout.flush()
            if ended:
                return

    def _run(self, work: Work) -> None:
        try:
            result = work(self._tell, self._stopped)
        except BaseException as error:  # noqa: BLE001 - it is raised where it is waited for
            self._end(error=error)
        else:
            self._end(result=result)

    def _tell(self, line: str) -> None:
        with self._news:
            self._lines.append(line)
            self._news.notify_all()

    def _end(self, *, result: BuildResult | None = None, error: BaseException | None = None) -> None:
        with self._news:
            self._result, self._error, self._ended = result, error, True
            self._lines += _last_lines(result, error)
            self._news.notify_all()

    def __repr__(self) -> str:
        return f"<Build: {self.status}>"

    def _outlast(self) -> None:
        """Lets it end, and says of what failed."""
        try:
            self._thread.join()
        except KeyboardInterrupt:
            self._stopped.set()
            self._thread.join()
        if self._error:
            LOGGER.error("a build that nobody waited for has failed: %s", self._error)


def _outlast_all() -> None:
    while _AT_WORK:
        _AT_WORK.pop()._outlast()


_AT_WORK: set[Build] = set()  # and those that have ended, but that nobody has waited for
# not `atexit`: pools of threads take no more work by then, and a build needs them. What is registered last is called
# first, so those of pools have to be there
import_module("concurrent.futures.thread")
threading._register_atexit(_outlast_all)  # type: ignore[attr-defined]


def _last_lines(result: BuildResult | None, error: BaseException | None) -> list[str]:
    if isinstance(error, EnvlockError):
        return [f"error: {error.message}", *([f"hint: {error.hint}"] if error.hint else [])]
    if result is None:
        return [f"error: {error!r}"]
    return [*(f"note: {note}" for note in result.notes), result.reference]
