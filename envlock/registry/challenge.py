"""The WWW-Authenticate header: what a registry wants to be shown."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

# a word is a scheme; a word with a value is a parameter of the scheme before it; commas may stand inside quotes
_WORD = re.compile(r'([A-Za-z0-9_-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+)))?')


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme, in lower case, with its parameters."""

    scheme: str
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_challenges(header: str) -> tuple[Challenge, ...]:
    """All challenges of a header, in its order."""
    found: list[tuple[str, dict[str, str]]] = []
    for word in _WORD.finditer(header):
        name, quoted, plain = word.groups()
        if quoted is None and plain is None:
            found.append((name.lower(), {}))
        elif found:
            value = plain if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            found[-1][1][name.lower()] = value
    return tuple(Challenge(scheme, parameters) for scheme, parameters in found)
