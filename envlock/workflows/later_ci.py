"""The same as `later` for `ci`: a pull request that changes nothing loads nothing that makes or sends images."""

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from envlock.model.ci_event import Event
    from envlock.workflows.ci import CiOptions
    from envlock.workflows.ci_report import CiImage, Subject
    from envlock.workflows.ci_subjects import Subjects
    from envlock.workflows.context import Context


def found_subjects(event: "Event", options: "CiOptions", start: Path, context: "Context") -> "Subjects":
    from envlock.workflows.ci_subjects import found_subjects

    return found_subjects(event, options, start, context)


def require_own_places(
    subjects: "Sequence[Subject]", event: "Event", options: "CiOptions", context: "Context"
) -> None:
    from envlock.workflows.ci_places import require_own_places

    require_own_places(subjects, event, options, context)


def image_of(subject: "Subject", event: "Event", options: "CiOptions", context: "Context") -> "CiImage":
    from envlock.workflows.ci_image import image_of

    return image_of(subject, event, options, context)
