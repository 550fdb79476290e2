"""What is installed of which environment on this machine: noted by `install` and `run`, for git's hooks to compare.

The last installation of each folder counts, in the store or in a folder of one's own, with the groups it had. One
whose prefix is gone counts no more.
"""

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from envlock.system.cache import Cache, typed
from envlock.system.files import repository_root
from envlock.workflows import later_hooks
from envlock.workflows.project import Project

_KIND = "installed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """An environment as it was installed: from env.lock with this sha256, as the prefix of this key. `place` is where
    it was asked to be, None of the store; `asked` is the Python that the lock wanted, `python` the one it got."""

    folder: str
    place: str | None
    groups: tuple[str, ...]
    lock: str
    key: str
    asked: str | None
    python: str | None


def note_installed(note: Note, cache: Cache) -> None:
    """Notes an installation, unless it is noted already; where that cannot be written, nobody is told of changes."""
    key = _key(Path(note.folder), note.place)
    if cache.record(_KIND, key, _read) != note:
        with suppress(OSError):
            cache.keep(_KIND, key, asdict(note), lasting=False)


def differing(root: Path, cache: Cache) -> tuple[Note, ...]:
    """The installations of environments below the top of a work tree that are not as env.lock there says now."""
    return tuple(note for note in _notes(root, cache) if _differs(note, cache))


def lock_digest(project: Project) -> str | None:
    """The sha256 of env.lock; None where there is none."""
    try:
        return hashlib.sha256(project.lockfile.read_bytes()).hexdigest()
    except OSError:
        return None


def _differs(note: Note, cache: Cache) -> bool:
    now = lock_digest(Project(Path(note.folder)))
    if now in (None, note.lock) or not _is_there(note, cache):
        return False
    return not later_hooks.is_installed(note, cache)


def _is_there(note: Note, cache: Cache) -> bool:
    return (Path(note.place) if note.place else cache.prefixes / note.key).is_dir()


def _notes(root: Path, cache: Cache) -> Iterator[Note]:
    found = sorted((cache.records / _KIND).glob(f"{_digest(str(root))}-*"))
    read = (cache.record(_KIND, path.name, _read) for path in found)
    yield from (note for note in read if note)


def _read(kept: Any) -> Note:
    groups: Sequence[str] = typed(kept["groups"], list)
    return Note(**(kept | {"groups": tuple(groups)}))


def _key(folder: Path, place: str | None) -> str:
    """By the top of the repository first, so that all of one are found by their names."""
    top = repository_root(folder) or folder
    return "-".join((_digest(str(top)), _digest(f"{folder}//{place or ''}")))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:32]
