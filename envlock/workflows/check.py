"""check: does env.lock answer env.toml and itself? Offline; writes nothing but a verdict in the cache."""

import hashlib

from envlock import __version__
from envlock.errors import AnswerIsNo
from envlock.model.problem import Problem, shown
from envlock.system.cache import Cache
from envlock.workflows import later
from envlock.workflows.project import Project

_VERDICTS = "verdicts"


def check(project: Project, cache: Cache) -> tuple[Problem, ...]:
    """Every reason why the lock does not answer; none when it does. A good verdict is kept by both files' bytes."""
    if project.manifest.exists() and not project.lockfile.exists():
        return (Problem(kind="missing", message="there is no env.lock yet"),)
    if is_known_good(project, cache):
        return ()
    found = later.walk(project)
    key = None if found else _fingerprint(project)
    if key:
        _keep_verdict(cache, key)
    return found


def is_known_good(project: Project, cache: Cache) -> bool:
    """Was exactly this pair of files found good before?"""
    key = _fingerprint(project)
    return key is not None and cache.record(_VERDICTS, key) == []


def require_fresh(project: Project, cache: Cache) -> None:
    """AnswerIsNo with the reasons where the lock does not answer its manifest."""
    found = check(project, cache)
    if found:
        lines = "\n".join(f"  {line}" for line in shown(found))
        raise AnswerIsNo(f"env.lock does not answer env.toml\n{lines}", hint="run `envlock lock`")


def _fingerprint(project: Project) -> str | None:
    try:
        files = (project.manifest.read_bytes(), project.lockfile.read_bytes())
    except OSError:
        return None  # the readers say it better
    # the folder's name is the environment's where the manifest has none, and a wrong one is a reason too
    parts = (__version__.encode(), project.folder.name.encode(), *(hashlib.sha256(data).digest() for data in files))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _keep_verdict(cache: Cache, key: str) -> None:
    try:
        cache.keep(_VERDICTS, key, [])
    except OSError:
        return  # a cache that cannot be written costs time, not an answer
