"""What a run of `ci` tells programs and editors: the values for later steps, and remarks at lines of files."""

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from posixpath import normpath

from envlock.forges.forge import Annotation
from envlock.model.ci_event import Kind
from envlock.model.problem import Problem
from envlock.system.cache import FORM
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci import is_wanted
from envlock.workflows.ci_matrix import matrix_of
from envlock.workflows.ci_report import CiImage, CiReport, Outcome, Subject
from envlock.workflows.project import MANIFEST

# what a cache between runs is for: nothing, later runs only, this run and later ones
CACHE_NEVER, CACHE_READ, CACHE_BOTH = "false", "read", "true"


def outputs(report: CiReport) -> dict[str, str]:
    """Values by name; those of images have a line for each that was found or made, in the report's order. Of a plan,
    the keys are those of images that are wanted."""
    images = [outcome.image for outcome in report.outcomes if outcome.image]
    wanted = _wanted(report)
    return {
        "image": _lines(image.reference for image in images),
        "digest": _lines(image.digest for image in images),
        "tags": _lines(tag for image in images for tag in _tags(image)),
        "lock-hash": _lines(_lock_hash(image) for image in images),
        "image-key": _lines(_keys(wanted) if report.planned else (image.key for image in images)),
        "sbom": _lines(str(image.sbom) for image in images if image.sbom),
        "pushed": _truth(_is_pushed(report, wanted)),
        "cache-hit": _truth(all(outcome.image and outcome.image.came for outcome in wanted)),
        "changed": json.dumps([outcome.subject.name for outcome in report.changed]),
        "matrix": json.dumps(matrix_of(report)),
        "layers-uploaded": str(sum(image.pushed.layers for image in images if image.pushed)),
        "bytes-uploaded": str(sum(image.pushed.uploaded_bytes for image in images if image.pushed)),
    }


def outputs_ahead(report: CiReport, cache: str) -> dict[str, str]:
    """Values for those who make images next, and what a cache is to them; none, where none is wanted."""
    wanted = _wanted(report)
    return {"remains": "true", **_cache(report, wanted, cache)} if wanted else {}


def annotations(report: CiReport) -> tuple[Annotation, ...]:
    """The most important first: what this change broke, then what was so before, then what is only to be known."""
    ordered = sorted(report.outcomes, key=lambda outcome: outcome.subject.was_stale)
    errors = [remark for outcome in ordered for remark in (*_of_problems(outcome.subject), *_of_failure(outcome))]
    notes = [
        Annotation(level="notice", title=outcome.subject.name, message=note, file=_file(outcome.subject))
        for outcome in report.outcomes
        if outcome.image
        for note in outcome.image.notes
    ]
    return (*errors, *notes, *(Annotation(level="notice", title="envlock", message=note) for note in report.notes))


def _of_problems(subject: Subject) -> Iterator[Annotation]:
    """One remark a reason and place, with the platforms that it holds for."""
    platforms: dict[tuple[str, str, str | None, int | None], list[str]] = {}
    for problem in subject.problems:
        what = "cannot be read" if problem.kind == UNREADABLE else "env.lock does not answer"
        where = (what, problem.message, _file(subject, problem), problem.line)
        platforms.setdefault(where, []).extend([problem.platform] if problem.platform else [])
    before = ", as before this change" if subject.was_stale else ""
    for (what, message, file, line), names in platforms.items():
        said = f"{', '.join(names)}: {message}" if names else message
        title = f"{subject.name}: {what}{before}"
        yield Annotation(level="error", title=title, message=said, file=file, line=line)


def _of_failure(outcome: Outcome) -> Iterator[Annotation]:
    if outcome.error:
        said = f"{outcome.error}\nhint: {outcome.hint}" if outcome.hint else outcome.error
        title = f"{outcome.subject.name}: no image"
        yield Annotation(level="error", title=title, message=said, file=_file(outcome.subject))


def _file(subject: Subject, problem: Problem | None = None) -> str:
    """From the top of the repository. A file outside it is nothing that a forge can show: its env.toml is."""
    own = normpath(f"{subject.folder}/{MANIFEST}").lstrip("/")
    other = problem.file if problem else None
    if not other or other.startswith("/"):
        return own
    path = normpath(f"{subject.folder or '.'}/{other}")
    return own if path == ".." or path.startswith(("../", "/")) else path


def _wanted(report: CiReport) -> list[Outcome]:
    return [outcome for outcome in report.outcomes if is_wanted(outcome.subject, report.event, report.pushes)]


def _keys(wanted: Iterable[Outcome]) -> list[str]:
    return [outcome.image.key if outcome.image else outcome.subject.key or "" for outcome in wanted]


def _tags(image: CiImage) -> Iterator[str]:
    """In full, as they are pulled; none where nobody can."""
    repository = image.name.rpartition(":")[0]
    if image.in_registry:
        yield image.name
        yield from (f"{repository}:{tag.name}" for tag in image.tags)


def _lock_hash(image: CiImage) -> str:
    """Of an image for several platforms, that of each."""
    if len(image.lock_hashes) == 1:
        return image.lock_hashes[0][1]
    return " ".join(f"{name}={value}" for name, value in image.lock_hashes)


def _is_pushed(report: CiReport, wanted: list[Outcome]) -> bool:
    """Has their repository all images that were to go there?"""
    return report.pushes and bool(wanted) and all(outcome.image and outcome.image.in_registry for outcome in wanted)


def _cache(report: CiReport, wanted: Iterable[Outcome], use: str) -> dict[str, str]:
    """A cache that is restored helps whoever makes an image; it is saved only by who is trusted with what others use.

    The same images want the same packages, thus the same cache. Else the newest one of these environments is nearest,
    then the newest of any.
    """
    event = report.event
    trusted = event.kind is Kind.BRANCH and event.is_trusted and not event.has_secrets
    any_of = f"envlock-{FORM}-{platform.machine()}-"
    these = f"{any_of}{_short_hash(outcome.subject.folder for outcome in wanted)}-"
    return {
        "cache-key": these + _short_hash(_keys(wanted)),
        "cache-prefix": _lines((these, any_of)),
        "cache-restore": _truth(use != CACHE_NEVER),
        "cache-save": _truth(trusted and use == CACHE_BOTH),
    }


def _short_hash(words: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(sorted(words)).encode(errors="replace")).hexdigest()[:16]


def _lines(values: Iterable[str]) -> str:
    return "\n".join(values)


def _truth(value: object) -> str:
    return "true" if value else "false"
