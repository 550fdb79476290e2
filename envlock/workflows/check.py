"""check: does env.lock answer env.toml and itself? Offline; writes nothing but a verdict in the cache."""

import hashlib
from collections.abc import Callable
from importlib import import_module

from envlock import __version__
from envlock.errors import AnswerIsNo
from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import Problem, problems
from envlock.model.lock import CondaPackage, Lock
from envlock.model.spec import EnvSpec
from envlock.system.cache import Cache
from envlock.workflows.project import Project

_VERDICTS = "verdicts"


def check(project: Project, cache: Cache) -> tuple[Problem, ...]:
    """Every reason why the lock does not answer; none when it does. A good verdict is kept by both files' bytes."""
    key = _fingerprint(project)
    if key and cache.record(_VERDICTS, key) == []:
        return ()
    found = find_problems(read_manifest(project.manifest), read_lock(project.lockfile))
    if key and not found:
        _keep_verdict(cache, key)
    return found


def find_problems(spec: EnvSpec, lock: Lock) -> tuple[Problem, ...]:
    """As `freshness.problems`, with py-rattler as the judge of conda's match specs, loaded only if there are any."""
    return problems(spec, lock, _matcher() if any(p.conda for p in lock.platforms) else _never)


def require_fresh(project: Project, cache: Cache) -> Lock:
    """The lock, known to answer its manifest; AnswerIsNo with the reasons where it does not."""
    found = check(project, cache)
    if found:
        lines = "\n".join(f"  {p.platform + ': ' if p.platform else ''}{p.message}" for p in found)
        raise AnswerIsNo(f"env.lock does not answer env.toml\n{lines}", hint="run `envlock lock`")
    return read_lock(project.lockfile)


def _fingerprint(project: Project) -> str | None:
    try:
        files = (project.manifest.read_bytes(), project.lockfile.read_bytes())
    except OSError:
        return None  # the readers say it better
    parts = (__version__.encode(), *(hashlib.sha256(data).digest() for data in files))
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _keep_verdict(cache: Cache, key: str) -> None:
    try:
        cache.keep(_VERDICTS, key, [])
    except OSError:
        return  # a cache that cannot be written costs time, not an answer


def _matcher() -> Callable[[str, CondaPackage], bool]:
    matches = import_module("envlock.system.conda.matching").matches

    def judge(spec: str, package: CondaPackage) -> bool:
        verdict: bool = matches(spec, package.name, package.version, package.build, package.subdir)
        return verdict

    return judge


def _never(_spec: str, _package: CondaPackage) -> bool:
    return False
