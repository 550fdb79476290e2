"""What became of a package, in one word: the versions of each kind have an order of their own."""

from collections.abc import Callable

from packaging.version import InvalidVersion, Version

from envlock.model.changes import Change, Facts

# two versions of a conda package -> below, at or above 0; None where they have no order
CondaOrder = Callable[[str, str], int | None]
# all verdicts, in the order in which they are counted
VERDICTS = ("added", "removed", "upgraded", "downgraded", "changed", "rebuilt", "moved", "regrouped")
_OTHERWISE = {"bytes": "rebuilt", "kind": "moved", "source": "moved", "groups": "regrouped"}


def verdict(change: Change, conda_order: CondaOrder) -> str:
    """One of `VERDICTS`: what weighs most, where several things are true; `changed` is a version that has no order."""
    if change.before is None or change.after is None:
        return "added" if change.before is None else "removed"
    if "version" in change.differs:
        return _direction(change.before, change.after, conda_order)
    return next(_OTHERWISE[what] for what in ("kind", "bytes", "source", "groups") if what in change.differs)


def _direction(before: Facts, after: Facts, conda_order: CondaOrder) -> str:
    both_conda = before.kind == after.kind == "conda"
    order = (conda_order if both_conda else _pip_order)(after.version, before.version)
    if order is None:
        return "changed"
    # the same version in another spelling
    return "upgraded" if order > 0 else "downgraded" if order < 0 else "rebuilt"


def _pip_order(one: str, other: str) -> int | None:
    try:
        a, b = Version(one), Version(other)
    except InvalidVersion:  # conda's need not be PEP 440
        return None
    return (a > b) - (a < b)
