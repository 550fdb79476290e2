"""`on:`: is a workflow for this event?"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.actions.machine import Trigger

_GLOB = {"**": ".*", "*": "[^/]*", "?": "?", "+": "+"}
_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}


def is_triggered(written: Mapping[str, Any], trigger: Trigger) -> bool:
    if trigger.name not in written:
        return False
    filters = written[trigger.name] or {}
    if trigger.name in _TYPES:
        types = filters.get("types", _TYPES[trigger.name])
        target = trigger.payload["pull_request"]["base"]["ref"]
        return trigger.payload["action"] in types and _matches(filters.get("branches", ["**"]), target)
    return trigger.name != "push" or _pushed(filters, trigger.ref)


def _pushed(filters: Mapping[str, Any], ref: str) -> bool:
    """With a filter for branches alone, no tag is for it; with none, everything is."""
    kind, _, name = ref.removeprefix("refs/").partition("/")
    wanted = {"heads": filters.get("branches"), "tags": filters.get("tags")}
    if not any(wanted.values()):
        return True
    return _matches(wanted[kind] or (), name)


def _matches(patterns: Sequence[str], name: str) -> bool:
    """The last pattern that matches decides; `!` is against it."""
    found = False
    for pattern in patterns:
        plain = pattern.removeprefix("!")
        if re.fullmatch(_expression(plain), name):
            found = plain == pattern
    return found


def _expression(pattern: str) -> str:
    parts = re.split(r"(\*\*|\*|\?|\+)", pattern)
    return "".join(_GLOB.get(part, re.escape(part)) for part in parts)
