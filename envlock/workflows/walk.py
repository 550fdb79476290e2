"""The whole of a check: both files read, every input and every edge walked."""

from dataclasses import replace

from envlock.lockfile.reader import read_lock
from envlock.manifest.reader import read_manifest
from envlock.model.freshness import problems
from envlock.model.problem import Problem
from envlock.workflows import later
from envlock.workflows.project import Project


def walk(project: Project) -> tuple[Problem, ...]:
    """Every reason why the lock does not answer; py-rattler judges conda's match specs, if there are any."""
    found = problems(read_manifest(project.manifest), read_lock(project.lockfile), later.conda_matches)
    if not found:
        return ()
    lines = later.lines_of(project.manifest, found)
    return tuple(replace(problem, line=line) for problem, line in zip(found, lines, strict=True))
