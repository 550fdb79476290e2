"""The whole of a check: both files read, every input and every edge walked."""

from dataclasses import replace

from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import problems
from envlock.model.place import Place
from envlock.model.problem import Problem
from envlock.workflows import later
from envlock.workflows.project import MANIFEST, Project


def walk(project: Project) -> tuple[Problem, ...]:
    """Every reason why the lock does not answer; py-rattler judges conda's match specs, if there are any."""
    found = problems(read_manifest(project.manifest), read_lock(project.lockfile), later.conda_matches)
    if not found:
        return ()
    places = later.places_of(project.manifest, found)
    return tuple(_placed(problem, place) for problem, place in zip(found, places, strict=True))


def _placed(problem: Problem, place: Place | None) -> Problem:
    if place is None or place.line is None:
        return problem
    return replace(problem, line=place.line, file=None if place.file == MANIFEST else place.file)
