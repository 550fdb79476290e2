"""The same as `later` for `ci`: a pull request that changes nothing loads nothing that makes or sends images."""

from pathlib import Path
from typing import TYPE_CHECKING

from envlock.workflows import later

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from envlock.model.ci_event import Event
    from envlock.model.problem import Problem
    from envlock.workflows.ci import CiOptions
    from envlock.workflows.ci_report import CiImage, Outcome, Subject
    from envlock.workflows.ci_subjects import Subjects
    from envlock.workflows.ci_tree import Held, Here, Matched, Tree, Was
    from envlock.workflows.context import Context


def found_subjects(event: "Event", options: "CiOptions", start: Path, context: "Context") -> "Subjects":
    from envlock.workflows.ci_subjects import found_subjects

    return found_subjects(event, options, start, context)


def version_subjects(event: "Event", options: "CiOptions", start: Path, context: "Context") -> "Subjects":
    from envlock.workflows.ci_versions import version_subjects

    return version_subjects(event, options, start, context)


def matched(touched: "Sequence[Here]", gone: "Sequence[str]", tree: "Tree") -> "Matched":
    from envlock.workflows.ci_held import matched

    return matched(touched, gone, tree)


def held(here: "Here", was: "Was | None", tree: "Tree | None", platforms: "Sequence[str]") -> "Held":
    from envlock.workflows.ci_held import held

    return held(here, was, tree, platforms)


def is_as_committed(here: "Sequence[Here]", tree: "Tree") -> bool:
    from envlock.workflows.ci_held import is_as_committed

    return is_as_committed(here, tree)


def with_key(held: "Held", platforms: "Sequence[str]") -> "Held":
    from envlock.workflows.ci_held import with_key

    return with_key(held, platforms)


def removed(was: "Was", tree: "Tree", platforms: "Sequence[str]") -> "Held":
    from envlock.workflows.ci_held import removed

    return removed(was, tree, platforms)


def stale_before(tree: "Tree", folders: "Sequence[str]", context: "Context") -> "Mapping[str, tuple[Problem, ...]]":
    from envlock.workflows.ci_stale import stale_before

    return stale_before(tree, folders, context)


def require_own_places(subjects: "Sequence[Subject]", event: "Event", options: "CiOptions") -> None:
    from envlock.workflows.ci_places import require_own_places

    require_own_places(subjects, event, options)


def image_of(subject: "Subject", event: "Event", options: "CiOptions", context: "Context") -> "CiImage":
    from envlock.workflows.ci_image import image_of

    return image_of(subject, event, options, context)


def known_image_of(subject: "Subject", event: "Event", options: "CiOptions", context: "Context") -> "CiImage | None":
    from envlock.workflows.ci_image import known_image_of

    return known_image_of(subject, event, options, context)


def side_by_side(
    work: "Callable[[Subject], Outcome]", items: "Sequence[Subject]", context: "Context"
) -> list["Outcome"]:
    from envlock.system.side_by_side import side_by_side
    from envlock.workflows.ci_bill import own_name

    later.registry_client(context)  # one for all
    for subject in items:
        own_name(subject, context)  # the first of a name is the first of these
    return side_by_side(work, items, stop=context.stopped.set)
