"""What was pushed, by its reference: a branch, a version's tag, or something that has no name of its own here."""

import re
from dataclasses import replace

from envlock.model.ci_event import Event, Kind
from envlock.model.version import NUMBER
from envlock.model.version_name import why_not

BRANCHES, TAGS, PULLS = "refs/heads/", "refs/tags/", "refs/pull/"
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")


def is_version_tag(tag: str) -> bool:
    """Is it `env/NAME/VERSION`, as registering makes it?"""
    start, _, rest = tag.partition("/")
    name, _, version = rest.partition("/")
    is_version = bool(NUMBER.fullmatch(version)) or why_not(version) is None
    return start == "env" and bool(_NAME.fullmatch(name)) and is_version


def of_tag(event: Event, tag: str) -> Event:
    """Of another tag than a version's, nothing is named."""
    return replace(event, kind=Kind.TAG, tag=tag) if is_version_tag(tag) else event


def of_branch(event: Event, branch: str, default: str | None) -> Event:
    """What the branch would be merged into is the default branch."""
    is_default = branch == default
    return replace(event, branch=branch, is_default=is_default, target=None if is_default else default)
