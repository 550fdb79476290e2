"""Good verdicts, kept by the bytes of env.toml and env.lock; each holds while the other files that it rests on are as
they were: those that env.toml is read from, local wheels and folders, copied files, a Dockerfile's context."""

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from envlock import __version__
from envlock.errors import EnvlockError
from envlock.system.cache import Cache
from envlock.system.files import repository_root
from envlock.workflows.later_local import CONTEXT, local_hash
from envlock.workflows.project import Project

_KIND = "verdicts"
# a file that was written so shortly before it was looked at could be written again without its times telling
_TOO_FRESH = 2_000_000_000


def fingerprint(project: Project) -> str | None:
    """What names the two files with the bytes that they have; None where there are not both."""
    try:
        files = (project.manifest.read_bytes(), project.lockfile.read_bytes())
    except OSError:
        return None  # the readers say it better
    return fingerprint_of(project.folder.name, *files)


def fingerprint_of(folder: str, manifest: bytes, lock: bytes) -> str:
    """The same of bytes that are in no folder yet, but in one of that name once they are."""
    # the folder's name is the environment's where the manifest has none, and a wrong one is a reason too
    parts = (__version__.encode(), os.fsencode(folder), *(hashlib.sha256(data).digest() for data in (manifest, lock)))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def is_good_alone(cache: Cache, key: str) -> bool:
    """Was this found good before, wherever it lies: does it rest on no other file?"""
    return bool(cache.record(_KIND, key) == [])


def is_good(project: Project, cache: Cache, key: str | None) -> bool:
    """Was this found good before, and does it hold?"""
    return bool(key and cache.record(_KIND, key, lambda kept: _all_hold(project.folder, kept)))


def _all_hold(folder: Path, kept: Any) -> bool:
    """All within the repository that the same two files may have elsewhere; each as it was."""
    if not kept:
        return True
    folder = folder.resolve()
    root = repository_root(folder) or folder
    return all((folder / path).resolve().is_relative_to(root) and _holds(folder, path, *was) for path, *was in kept)


def keep_good(project: Project, cache: Cache, key: str, files: Iterable[tuple[str, str]]) -> None:
    """Keeps a good verdict that rests on these files and folders too: their paths relative to env.toml, and kinds."""
    now, folder = time.time_ns(), project.folder
    try:
        rests_on = [
            [path, local_hash(folder, path, kind), _stamp(folder / path, kind, now), kind] for path, kind in files
        ]
        cache.keep(_KIND, key, rests_on, lasting=False)
    except (OSError, EnvlockError):
        return  # a cache that cannot be written, or a file that is gone, costs time, not an answer


def _stamp(path: Path, kind: str, now: int) -> list[int] | None:
    return None if kind == CONTEXT else stamp_of(path, now=now)


def stamp_of(path: Path, *, now: int) -> list[int] | None:
    """What a file has until it is written again; None for a folder, and for what was written only just before `now`."""
    status = path.stat()
    if path.is_dir() or now - max(status.st_mtime_ns, status.st_ctime_ns) < _TOO_FRESH:
        return None
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]


def _holds(folder: Path, path: str, sha256: str, stamp: Any, kind: str) -> bool:
    try:
        same = stamp is not None and stamp_of(folder / path, now=time.time_ns()) == stamp
        return same or local_hash(folder, path, kind) == sha256
    except EnvlockError:
        return False  # the walk says what is wrong
