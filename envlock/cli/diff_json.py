"""A comparison as JSON: described in docs/reading.md."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from envlock.cli.package_text import package_json

if TYPE_CHECKING:
    from envlock.model.changes import Change, Facts
    from envlock.model.lock import Base, PlatformLock
    from envlock.workflows.diff import Comparison, Side, Total


def diff_json(found: "Comparison") -> dict[str, Any]:
    """Everything that differs, every package in full on each platform."""
    changes = found.changes
    return {
        "environment": found.name,
        "before": _side(found.before),
        "after": _side(found.after),
        "different": bool(changes),
        "packages": [_change(change, verdict) for change, verdict in found.packages],
        "kept": changes.kept,
        "base": [
            {"platform": platform, "before": _base(before), "after": _base(after)}
            for change in changes.base
            for platform, before, after in change.on
        ],
        "python": [{"platform": key, "before": before, "after": after} for key, before, after in changes.python],
        "image": [{"key": key, "before": before, "after": after} for key, before, after in changes.image],
        "platforms": {
            "added": [_platform(platform) for platform in changes.added],
            "removed": [_platform(platform) for platform in changes.removed],
        },
        "totals": [_total(total) for total in found.totals],
    }


def _side(side: "Side") -> dict[str, Any]:
    return {"text": side.text, "commit": side.commit, "locked": side.lock is not None}


def _change(change: "Change", verdict: str) -> dict[str, Any]:
    return {
        "name": change.name,
        "change": verdict,
        "differs": list(change.differs),
        "before": _facts(change.before),
        "after": _facts(change.after),
        "platforms": [
            {
                "platform": on.platform,
                "before": package_json(on.before) if on.before else None,
                "after": package_json(on.after) if on.after else None,
            }
            for on in change.on
        ],
    }


def _facts(facts: "Facts | None") -> dict[str, Any] | None:
    return facts._asdict() if facts else None


def _base(base: "Base | None") -> dict[str, Any] | None:
    return asdict(base) | {"dates": dict(base.dates)} if base and (base.reference or base.suite) else None


def _platform(locked: "PlatformLock") -> dict[str, Any]:
    return {"platform": locked.platform, "packages": [package_json(package) for package in locked.packages]}


def _total(total: "Total") -> dict[str, Any]:
    sides = zip(("before", "after"), total.packages, total.sizes, strict=True)
    return {"platform": total.platform, **{name: {"packages": count, "size": size} for name, count, size in sides}}
