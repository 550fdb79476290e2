"""Recording of runs: what git says before the command begins, and the run itself when it has ended.

The command comes first: whatever keeps it from being recorded is a warning, and changes neither its output nor its
exit code. Git looks at the work tree while the environment is looked at, and all that recording takes is loaded and
got ready while the command runs.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

from envlock.errors import EnvlockError
from envlock.history.work_state import Look, WorkState, look_around
from envlock.model.lock import Lock
from envlock.system.files import repository_root
from envlock.system.process import Ended, attach
from envlock.workflows import later
from envlock.workflows.context import Context
from envlock.workflows.project import Project

VARIABLE = "ENVLOCK_RECORD"
_OFF = {"0", "false", "no", "off"}

# writes a run that began and ended then, and so; what is to be said of it
Write = Callable[[datetime, datetime, Ended], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """A command, and what it runs in: of the environment's lock the platform and the groups, the full version of
    Python there, and the digest of the image where that is a container's."""

    command: tuple[str, ...]
    lock: Lock
    platform: str
    python: str | None
    groups: tuple[str, ...] = ()
    image: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A run that is to be recorded: in the work tree `root`, which looked so before."""

    project: Project
    root: Path
    state: WorkState
    used: Used


@contextmanager
def recording(project: Project, context: Context, *, wanted: bool) -> "Iterator[Recording]":
    """The recording of one run, which looks at the work tree from now on; none where that is not `wanted`, by a
    person's settings or outside git."""
    off = context.environment.get(VARIABLE, "").lower() in _OFF
    root = repository_root(project.folder if project.at is None else Path.cwd()) if wanted and not off else None
    with ExitStack() as looking:
        look = None
        try:
            look = looking.enter_context(look_around(root)) if root else None
        except (EnvlockError, OSError) as error:
            _warn(context, error)
        yield Recording(project, context, root, look)


class Recording:
    """The recording of one run; without a `look` at the work tree it is not recorded."""

    def __init__(self, project: Project, context: Context, root: Path | None, look: Look | None) -> None:
        self._project, self._context, self._root, self._look = project, context, root, look
        self._prepared = Event()
        self._write: Write | Exception | None = None

    def attach(self, words: Sequence[str], environment: Mapping[str, str], used: Used) -> int:
        """Runs a command as `process.attach` does, and records it."""
        begun = self._begun(used)
        if begun is None:
            return attach(words, environment=environment)
        start = _now()
        return attach(
            words,
            environment=environment,
            meanwhile=lambda: self._prepare(begun),
            at_end=lambda ended: self._finish(start, ended),
        )

    def _begun(self, used: Used) -> Begun | None:
        if self._look is None or self._root is None:
            return None
        try:
            with self._look:  # nothing of git is left while the command runs
                state = self._look.state() if self._look.is_wanted() else None
        except (EnvlockError, OSError) as error:
            _warn(self._context, error)
            return None
        return Begun(project=self._project, root=self._root, state=state, used=used) if state else None

    def _prepare(self, begun: Begun) -> None:
        """All that can be done before the end of the command is known, beside it."""
        try:
            self._write = later.journal(begun, self._context)
        except Exception as error:  # noqa: BLE001 - a bug of ours is none of the command
            self._write = error
        finally:
            self._prepared.set()

    def _finish(self, start: datetime, ended: Ended) -> None:
        end = max(_now(), start)
        self._prepared.wait()
        try:
            if not callable(self._write):
                raise self._write or RuntimeError
            said = self._write(start, end, ended)
        except Exception as error:  # noqa: BLE001 - as above
            _warn(self._context, error)
            return
        with suppress(OSError):  # nobody may be there any more who listens
            self._context.progress(said)


def _now() -> datetime:
    """With as much of a second as is recorded."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _warn(context: Context, error: Exception) -> None:
    why = error.message if isinstance(error, EnvlockError) else str(error) or type(error).__name__
    with suppress(OSError):
        context.warn(f"the run is not recorded: {why}")
