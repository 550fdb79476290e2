"""Whether what is installed of an environment is what its lock, which has changed since, says: nothing is started."""

from pathlib import Path

from envlock.environments.store import is_complete
from envlock.errors import EnvlockError
from envlock.lockfile.reader import read_lock
from envlock.model.digest import prefix_key
from envlock.model.lock import Lock
from envlock.system.cache import Cache
from envlock.workflows.editable import editable_identities
from envlock.workflows.install import asked_python, platform_here
from envlock.workflows.installed import Note
from envlock.workflows.project import Project


def is_installed(note: Note, cache: Cache) -> bool:
    """Is the environment there as it is locked now? Also from another time, when it was locked like that before; and
    one whose lock cannot be read is for `check` to tell."""
    project = Project(Path(note.folder))
    try:
        lock = read_lock(project.lockfile)
        key = _key(lock, project, note)
    except (EnvlockError, OSError):
        return True
    if key is None:
        return False
    return key == note.key or (note.place is None and is_complete(cache.prefixes.resolve() / key, key))


def _key(lock: Lock, project: Project, note: Note) -> str | None:
    here = platform_here()
    locked = lock.platform(here.name) if here else None
    if locked is None or asked_python(lock, locked) != note.asked:
        return None
    python = note.python if note.asked else locked.python
    return prefix_key(locked.of_groups(*note.groups), python, editable_identities(lock, project))
