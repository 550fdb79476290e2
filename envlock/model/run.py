"""A run: a command that was executed in an environment, as it is recorded; to and from one line of JSON."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from envlock.errors import OutsideError, escaped

T = TypeVar("T")

FORMAT = 1
DIGITS = 8  # of the commit, in a run's id
_SUBJECT = 100  # characters of a commit's first line
_SHORT = 7
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")
_HEX = re.compile(r"[0-9a-f]{40,64}")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Of the environment: its `name`, `version` as it was asked for (None: as it stood in the work tree), the commit
    that this is (`of`), what of it was used. Of the work tree when the command began: HEAD (`commit`), whether tracked
    files differed from it (`dirty`, and the `patch` of them as a SHA-256), how many names were `untracked`, and where
    in it the command ran (`folder`; None outside). `image` is the digest of the container's. `cut` says that the
    command was too long to be kept whole. `start` and `end` are UTC, in milliseconds.
    """

    command: tuple[str, ...]
    start: datetime
    end: datetime
    exit_code: int
    name: str
    lock_hash: str
    platform: str
    commit: str
    dirty: bool
    signal: str | None = None
    cut: bool = False
    host: str | None = None
    user: str | None = None
    version: str | None = None
    of: str | None = None
    origin: str | None = None
    groups: tuple[str, ...] = ()
    python: str | None = None
    patch: str | None = None
    untracked: int = 0
    folder: str | None = None
    image: str | None = None

    @property
    def month(self) -> str:
        return f"{self.start:%Y-%m}"

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.end - self.start).total_seconds()

    @property
    def environment(self) -> str:
        """As it can be asked for again: `train@88ad011`."""
        return f"{self.name}@{(self.of or self.commit)[:_SHORT]}"

    @property
    def asked(self) -> str:
        """The environment as it was asked for: `train@3`; `train@88ad011` where that was the one of the work tree."""
        return f"{self.name}@{self.version}" if self.version else self.environment


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A run as it is found in git: the commit, in full, that holds it."""

    commit: str
    run: Run

    @property
    def id(self) -> str:
        return f"{self.run.start:%Y-%m-%d}-{self.commit[:DIGITS]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A commit among the runs that holds none, as far as this version of envlock can tell."""

    commit: str
    why: str


def shell_line(command: tuple[str, ...]) -> str:
    """The command as one would type it."""
    return " ".join(word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\\''") + "'" for word in command)


def reproduced(run: Run) -> str:
    """The line of a shell that runs the same command in the same environment."""
    groups = [word for group in run.groups for word in ("--group", group)]
    where = ["--in", "docker"] if run.image else []
    environment = f"{run.origin}#{run.environment}" if run.origin else run.environment
    words = shell_line(("envlock", "run", "-e", environment, *groups, *where, "--", *run.command))
    return f"cd {shell_line((run.folder,))} && {words}" if run.folder and run.folder != "." else words


def message_of(run: Run) -> str:
    """The message of a run's commit."""
    line = escaped(f"{run.name}: {shell_line(run.command)}")
    code = f" (exit {run.exit_code})"
    room = _SUBJECT - len(code)
    return f"{line if len(line) <= room else f'{line[: room - 1]}…'}{code}\n\n{run_json(run)}\n"


def run_json(run: Run) -> str:
    """One line, ASCII, in one order; what is not known is left out."""
    shape = {name: write(getattr(run, field)) for name, (field, _, write) in _FIELDS.items()}
    needed = {name for name, (field, _, _) in _FIELDS.items() if field in _NEEDED}
    told = {name: value for name, value in shape.items() if name in needed or value not in (None, [], False)}
    return json.dumps({"format": FORMAT, **told}, separators=(",", ":"))


def run_of(message: str) -> Run:
    """The run that a commit's message holds: its last line. OutsideError says what it should have been.

    Fields that this version does not know are passed over, as those of later versions are.
    """
    try:
        told = json.loads(message.rstrip("\n").rpartition("\n")[2])
    except (ValueError, RecursionError):
        raise OutsideError("it holds no record of a run") from None
    if not isinstance(told, dict):
        raise OutsideError("it holds no record of a run")
    found: dict[str, Any] = {}
    for name, (field, read, _) in _FIELDS.items():
        value = told.get(name)
        if value is None and field in _NEEDED:
            raise OutsideError(f"`{name}` is missing in it")
        if value is not None:
            found[field] = _read(name, value, read)
    return Run(**found)


def _read(name: str, value: object, read: Callable[[object], T]) -> T:
    try:
        return read(value)
    except (ValueError, OverflowError):
        raise OutsideError(f"`{name}` of it makes no sense: {json.dumps(value)[:60]}") from None


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise ValueError
    return value


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ValueError
    return tuple(map(_text, value))


def _command(value: object) -> tuple[str, ...]:
    words = _texts(value)
    if not words:
        raise ValueError
    return words


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError
    return value


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 31:
        raise ValueError
    return value


def _matching(pattern: re.Pattern[str]) -> Callable[[object], str]:
    def read(value: object) -> str:
        if not pattern.fullmatch(_text(value)):
            raise ValueError
        return _text(value)

    return read


def _time(value: object) -> datetime:
    # that of Python would take many forms, and local times
    return datetime.strptime(_text(value), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def _stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03}Z"


def _same(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


# of JSON -> the field of `Run`, how it is read, how it is written
_FIELDS: dict[str, tuple[str, Callable[[object], Any], Callable[[Any], Any]]] = {
    "command": ("command", _command, _same),
    "cut": ("cut", _flag, _same),
    "start": ("start", _time, _stamp),
    "end": ("end", _time, _stamp),
    "exit_code": ("exit_code", _count, _same),
    "signal": ("signal", _text, _same),
    "host": ("host", _text, _same),
    "user": ("user", _text, _same),
    "name": ("name", _text, _same),
    "version": ("version", _text, _same),
    "version_commit": ("of", _matching(_HEX), _same),
    "version_origin": ("origin", _text, _same),
    "groups": ("groups", _texts, _same),
    "platform": ("platform", _text, _same),
    "python": ("python", _text, _same),
    "lock_hash": ("lock_hash", _matching(_HEX), _same),
    "image": ("image", _matching(_DIGEST), _same),
    "commit": ("commit", _matching(_HEX), _same),
    "dirty": ("dirty", _flag, _same),
    "patch": ("patch", _matching(_HEX), _same),
    "untracked": ("untracked", _count, lambda count: count or None),
    "folder": ("folder", _text, _same),
}
_NEEDED = {"command", "start", "end", "exit_code", "name", "lock_hash", "platform", "commit", "dirty"}
