"""The images that are wanted as a job matrix: so many runners make them as there are rows."""

from collections import Counter
from itertools import pairwise
from typing import Any

from envlock.workflows.ci import is_wanted
from envlock.workflows.ci_report import CiReport, Subject

# as many jobs as a matrix on GitHub can have
ROWS = 256


def matrix_of(report: CiReport) -> dict[str, list[dict[str, Any]]]:
    """A row an image, as `strategy: matrix:` takes them; with more than 256 images several are in a row, parted by
    spaces, as the option `--environments` takes them."""
    subjects = [o.subject for o in report.outcomes if is_wanted(o.subject, report.event, report.pushes)]
    names = Counter(outcome.subject.name for outcome in report.outcomes)
    return {"include": [_row(several, names) for several in _dealt(subjects)]}


def _dealt(subjects: list[Subject]) -> list[list[Subject]]:
    """Neighbours together: they are likely to share packages."""
    rows = min(len(subjects), ROWS)
    ends = [round(n * len(subjects) / rows) for n in range(rows + 1)] if rows else []
    return [subjects[start:end] for start, end in pairwise(ends)]


def _row(subjects: list[Subject], names: Counter[str]) -> dict[str, Any]:
    """An environment is meant by its name, or where several share that, by its folder."""
    folders = [subject.folder or "." for subject in subjects]
    words = [s.name if names[s.name] == 1 else folder for s, folder in zip(subjects, folders, strict=True)]
    return {"environment": " ".join(words), "folder": " ".join(folders)}
