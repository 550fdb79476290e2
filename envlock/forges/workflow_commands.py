"""Lines that a runner of GitHub's takes for commands, as its documentation has them.

A command is `::NAME KEY=VALUE,KEY=VALUE::WORDS` at the beginning of a line, or, as of old, `##[NAME KEY=VALUE;]WORDS`
anywhere in it. The runner takes none between `::stop-commands::TOKEN` and `::TOKEN::`.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from envlock.errors import escaped
from envlock.forges.forge import Annotation

# how many of each level are shown of one step
SHOWN = 10
_LEVELS = ("error", "warning", "notice")
# `%` first: what stands for others begins with it
_IN_WORDS = (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"))
_IN_VALUES = (*_IN_WORDS, (":", "%3A"), (",", "%2C"))


def stop_commands(token: str) -> str:
    return command("stop-commands", token)


def resume_commands(token: str) -> str:
    return command(token, "")


def new_token() -> str:
    """What nobody can know who writes something that is printed."""
    return secrets.token_hex(24)


def command(name: str, words: str, values: Mapping[str, str] | None = None) -> str:
    """One line, whatever the words are."""
    properties = ",".join(f"{key}={_spelt(value, _IN_VALUES)}" for key, value in (values or {}).items() if value)
    return f"::{name}{' ' if properties else ''}{properties}::{_spelt(words, _IN_WORDS)}"


def annotation_commands(annotations: Sequence[Annotation]) -> Iterator[str]:
    """Errors first, then in the order given; where a level has more than are shown, the last of it says so."""
    of_level = sorted((each for each in annotations if each.level in _LEVELS), key=lambda a: _LEVELS.index(a.level))
    for level, each in groupby(of_level, key=lambda a: a.level):
        found = list(each)
        shown = found if len(found) <= SHOWN else found[: SHOWN - 1]
        yield from map(_annotation, shown)
        if len(found) > len(shown):
            yield command(level, f"{len(found) - len(shown)} more are in the summary of the job", {"title": "envlock"})


def _annotation(of: Annotation) -> str:
    line = str(of.line or 1) if of.file else ""
    # they stand in the log, too: none of these may steer a terminal
    places = {"file": escaped(of.file or ""), "line": line, "endLine": line, "title": escaped(of.title)}
    return command(of.level, "\n".join(escaped(part) for part in of.message.splitlines()), places)


def _spelt(text: str, table: Sequence[tuple[str, str]]) -> str:
    for character, stands in table:
        text = text.replace(character, stands)
    return text
