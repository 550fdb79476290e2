"""What became of a package, in one word: the versions of each kind have an order of their own."""

from collections.abc import Callable, Mapping

from packaging.version import InvalidVersion, Version

from envlock.model.changes import Change, Facts

# two versions of one kind of package -> below, at or above 0; None where they have no order
Order = Callable[[str, str], int | None]
# all verdicts, in the order in which they are counted
VERDICTS = ("added", "removed", "upgraded", "downgraded", "changed", "rebuilt", "moved", "regrouped")
_OTHERWISE = {"bytes": "rebuilt", "kind": "moved", "source": "moved", "groups": "regrouped"}


def verdict(change: Change, orders: Mapping[str, Order]) -> str:
    """One of `VERDICTS`: what weighs most, where several things are true; `changed` is a version that has no order.

    `orders` are by kind; other kinds have that of PEP 440.
    """
    if change.before is None or change.after is None:
        return "added" if change.before is None else "removed"
    if "version" in change.differs:
        return _direction(change.before, change.after, orders)
    return next(_OTHERWISE[what] for what in ("kind", "bytes", "source", "groups") if what in change.differs)


def _direction(before: Facts, after: Facts, orders: Mapping[str, Order]) -> str:
    kind = before.kind if before.kind == after.kind else ""
    order = orders.get(kind, _pip_order)(after.version, before.version)
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
