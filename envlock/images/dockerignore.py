"""What `.dockerignore` leaves out, by the rules that docker's builders have for it (moby/patternmatcher)."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass

from envlock.errors import UserInputError

_ESCAPED = ".$+()|{}"
_ONE, _MANY = "[^/]", "[^/]*"


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line: `exception` where it begins with `!`, which takes back what lines before it left out."""

    matches: re.Pattern[str]
    exception: bool


def read_patterns(text: str, name: str) -> tuple[Pattern, ...]:
    """The patterns of a file; UserInputError that says by `name` where one is none."""
    lines = text.removeprefix("\ufeff").splitlines()
    stripped = [(number, line.strip()) for number, line in enumerate(lines, 1) if not line.startswith("#")]
    return tuple(_pattern(line, f"{name}:{number}") for number, line in stripped if line)


def is_left_out(path: str, patterns: Iterable[Pattern]) -> bool:
    """Is a path, relative to the context and with `/`, left out: it, or a folder that it lies in? The last line that
    fits says so."""
    above = path.split("/")
    places = [path, *("/".join(above[:count]) for count in range(1, len(above)))]
    left_out = False
    for pattern in patterns:
        # one that would change nothing is not looked at
        if pattern.exception == left_out and any(pattern.matches.fullmatch(place) for place in places):
            left_out = not pattern.exception
    return left_out


def _pattern(line: str, place: str) -> Pattern:
    exception = line.startswith("!")
    written = line.removeprefix("!").strip()
    if not written:
        raise UserInputError(f"{place}: `!` takes back nothing", hint="write a path behind it")
    cleaned = posixpath.normpath(written)
    # two slashes at the beginning are one: POSIX alone tells them apart
    cleaned = re.sub("^/+", "/", cleaned)
    if len(cleaned) > 1:
        cleaned = cleaned.removeprefix("/")
    try:
        return Pattern(re.compile(_regular(cleaned), re.DOTALL), exception)
    except re.error as error:
        raise UserInputError(f"{place}: `{written}` is no pattern ({error})") from error


def _regular(pattern: str) -> str:
    """The regular expression that docker makes of a pattern."""
    made, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**", at):
            at += 3 if pattern.startswith("/", at + 2) else 2
            made += ".*" if at >= len(pattern) else "(.*/)?"
            continue
        if pattern[at] == "\\" and at + 1 < len(pattern):
            at += 1
            made += re.escape(pattern[at])
        else:
            made += _one(pattern[at])
        at += 1
    return made


def _one(character: str) -> str:
    wild = {"*": _MANY, "?": _ONE, "\\": r"\\", "[": "[", "]": "]"}
    return wild.get(character) or (f"\\{character}" if character in _ESCAPED else character)
