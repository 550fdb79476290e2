"""The whole of a check: all files read, every input, every edge and every local source walked."""

from dataclasses import dataclass, replace

from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import Judges, problems
from envlock.model.place import Place
from envlock.model.problem import Problem
from envlock.workflows import later
from envlock.workflows.local_sources import changed_sources, local_sources
from envlock.workflows.project import MANIFEST, Project

JUDGES = Judges(later.conda_matches, later.debian_compare)


@dataclass(frozen=True, slots=True, kw_only=True)
class Walked:
    """What was found, and the other files and folders that this rests on, by their paths relative to env.toml."""

    problems: tuple[Problem, ...]
    files: tuple[str, ...]


def walk(project: Project) -> Walked:
    """Every reason why the lock does not answer; py-rattler judges those match specs that are not plain,
    python-debian the order of Debian's versions."""
    spec, lock = read_manifest(project.manifest), read_lock(project.lockfile)
    found = (*problems(spec, lock, JUDGES), *changed_sources(project.folder, spec, lock))
    if found:
        places = later.places_of(project.manifest, found)
        found = tuple(_placed(problem, place) for problem, place in zip(found, places, strict=True))
    return Walked(problems=found, files=tuple(sorted({*spec.files, *local_sources(lock)})))


def _placed(problem: Problem, place: Place | None) -> Problem:
    if place is None or place.line is None:
        return problem
    return replace(problem, line=place.line, file=None if place.file == MANIFEST else place.file)
