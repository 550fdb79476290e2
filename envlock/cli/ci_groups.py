"""What is said of a run of `ci` in a word: each environment belongs to one group, and the headline counts them."""

from collections import Counter
from collections.abc import Iterator
from enum import IntEnum

from envlock.model.ci_event import Kind
from envlock.workflows.check import UNREADABLE
from envlock.workflows.ci_report import CiReport, Outcome, State


class Group(IntEnum):
    """In the order in which they are told: what somebody has to mend comes first."""

    FAILED = 1
    UNREADABLE = 2
    STALE = 3
    PUSHED = 4
    NEW = 5
    CHANGED = 6
    REMOVED = 7
    MADE = 8
    SAME_IMAGE = 9
    THERE = 10
    SAME = 11


# of one, and of several
_COUNTED = {
    Group.FAILED: ("image could not be made", "images could not be made"),
    Group.UNREADABLE: ("environment cannot be read", "environments cannot be read"),
    Group.STALE: ("environment is stale", "environments are stale"),
    Group.PUSHED: ("image pushed", "images pushed"),
    Group.NEW: ("new environment", "new environments"),
    Group.CHANGED: ("image changes", "images change"),
    Group.REMOVED: ("environment removed", "environments removed"),
    Group.MADE: ("image made", "images made"),
    Group.SAME_IMAGE: ("keeps its image", "keep their images"),
    Group.THERE: ("image was there already", "images were there already"),
    Group.SAME: ("unchanged", "unchanged"),
}
_WORDS = {
    Group.FAILED: "could not be made",
    Group.UNREADABLE: "cannot be read",
    Group.STALE: "stale",
    Group.PUSHED: "pushed",
    Group.NEW: "new environment",
    Group.CHANGED: "image changes",
    Group.REMOVED: "removed",
    Group.MADE: "made",
    Group.SAME_IMAGE: "same image",
    Group.THERE: "there already",
    Group.SAME: "unchanged",
}
_BY_STATE = {
    State.NEW: Group.NEW,
    State.CHANGED: Group.CHANGED,
    State.SAME_IMAGE: Group.SAME_IMAGE,
    State.SAME: Group.SAME,
    State.REMOVED: Group.REMOVED,
}


def headline(report: CiReport) -> str:
    """All in one line: "2 images change, 1 environment is stale, 197 unchanged"."""
    counts = Counter(group_of(outcome, report) for outcome in report.outcomes)
    if not counts:
        return "there is no environment here"
    if set(counts) == {Group.SAME}:
        count = counts[Group.SAME]
        return f"nothing changes in {count} environments" if count > 1 else "nothing changes"
    return ", ".join(f"{count} {_COUNTED[group][count > 1]}" for group, count in sorted(counts.items()))


def group_of(outcome: Outcome, report: CiReport) -> Group:
    subject, image = outcome.subject, outcome.image
    if outcome.error is not None:
        return Group.FAILED
    if subject.problems:
        unreadable = any(problem.kind == UNREADABLE for problem in subject.problems)
        return Group.UNREADABLE if unreadable else Group.STALE
    if image and image.pushed:
        return Group.PUSHED
    if image and image.in_registry and (report.pushes or report.event.kind is Kind.TAG):
        return Group.THERE
    if image and not subject.is_changed:
        return Group.MADE
    return _BY_STATE[subject.state]


def word_of(outcome: Outcome, report: CiReport) -> str:
    """The group of one, and what else is to be said in the same breath."""
    group = group_of(outcome, report)
    return ", ".join((_WORDS[group], *_besides(outcome, group)))


def must_be_mended(outcome: Outcome, report: CiReport) -> bool:
    return group_of(outcome, report) <= Group.STALE


def _besides(outcome: Outcome, group: Group) -> Iterator[str]:
    if group in (Group.STALE, Group.UNREADABLE) and outcome.subject.was_stale:
        yield "as it was before"
    if outcome.subject.state is State.NEW and group is not Group.NEW:
        yield "new"


def has_section(outcome: Outcome, report: CiReport) -> bool:
    """Is there more to be told of it than a word?"""
    comparison, image = outcome.subject.comparison, outcome.image
    told = bool(comparison and comparison.changes) or bool(image and (image.notes or report.event.kind is Kind.TAG))
    return told or group_of(outcome, report) not in (Group.SAME_IMAGE, Group.THERE, Group.SAME)
