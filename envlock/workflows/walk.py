"""The whole of a check: all files read, every input, every edge and every local source walked."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import Judges, problems
from envlock.model.lock import Lock
from envlock.model.place import Place
from envlock.model.problem import Problem
from envlock.model.spec import EnvSpec
from envlock.system.cache import Cache
from envlock.workflows import later
from envlock.workflows.later_local import CONTEXT, COPIED, PLAIN, changed_context, changed_copies
from envlock.workflows.local_sources import changed_sources, local_sources
from envlock.workflows.project import MANIFEST, Project

JUDGES = Judges(later.conda_matches, later.debian_compare)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What was found, and the other files and folders that this rests on: paths relative to env.toml, and kinds."""

    problems: tuple[Problem, ...]
    files: tuple[tuple[str, str], ...]


def walk(project: Project, cache: Cache) -> Walked:
    """Every reason why the lock does not answer; py-rattler judges those match specs that are not plain,
    python-debian the order of Debian's versions."""
    spec, lock = read_manifest(project.manifest), read_lock(project.lockfile)
    folder = project.folder
    found = (
        *problems(spec, lock, JUDGES),
        *changed_sources(folder, spec, lock),
        *changed_context(folder, spec, lock, cache),
        *changed_copies(folder, spec, lock),
    )
    if found:
        places = later.places_of(project.manifest, found)
        found = tuple(_placed(problem, place) for problem, place in zip(found, places, strict=True))
    return Walked(problems=found, files=tuple(rests_on(spec, lock)))


def rests_on(spec: EnvSpec, lock: Lock) -> Iterator[tuple[str, str]]:
    """The other files and folders that a lock answers for: paths relative to env.toml, and kinds."""
    yield from ((path, PLAIN) for path in sorted({*spec.files, *local_sources(lock)}))
    yield from ((path, COPIED) for path in spec.image.copy)
    yield from ((path, CONTEXT) for path in [spec.image.dockerfile] if path)


def _placed(problem: Problem, place: Place | None) -> Problem:
    if place is None or place.line is None:
        return problem
    return replace(problem, line=place.line, file=None if place.file == MANIFEST else place.file)
