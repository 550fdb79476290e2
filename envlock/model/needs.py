"""Requirements of locked distributions, taken apart: thousands of them, most of one plain form, many alike."""

import re
from functools import cache
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_PLAIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*+)(?P<limits>[<>=!~][^;@\[\] ]*+)?(?: ; extra == \"(?P<when>[a-z0-9-]+)\")?"
)
_WHEN = re.compile(r"; extra == \"([^\"]+)\"$")


class Need(NamedTuple):
    """Of whom, within which limits, with which extras, from which source, and the extra of its asker's that brings
    it."""

    name: str
    limits: str = ""
    extras: frozenset[str] = frozenset()
    when: str | None = None
    source: str | None = None


@cache
def need(text: str) -> Need:
    """Reads what a locked distribution requires, `flask>=3 ; extra == "web"`, or env.toml, its marker left aside."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Need(plain["name"], plain["limits"] or "", when=plain["when"])
    requirement = Requirement(text)
    when = _WHEN.search(text)
    return Need(
        canonicalize_name(requirement.name),
        str(requirement.specifier),
        frozenset(map(canonicalize_name, requirement.extras)),
        when[1] if when else None,
        requirement.url,
    )
