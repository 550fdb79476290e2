"""Trailers of commits and tags: `Key: value` lines in the last paragraph of a message, as git reads them."""

import re
from collections.abc import Iterable

_LONGEST = 1 << 16  # characters of a message of ours: one that somebody else has pushed may have no end
_LINE = re.compile(r"([A-Za-z0-9-]+): (.+)")
_SIGNATURE = re.compile(r"^-----BEGIN [A-Z ]+-----$", re.MULTILINE)


def message(subject: str, trailers: Iterable[tuple[str, str]], *, body: str = "") -> str:
    """A message of a subject, perhaps a body, and trailers."""
    lines = "\n".join(f"{key}: {value}" for key, value in trailers)
    return "\n\n".join(part for part in (subject, body.strip("\n"), lines) if part) + "\n"


def trailers_of(text: str) -> tuple[tuple[str, str], ...]:
    """(key, value) of the last paragraph, before a signature; nothing where that is no list of trailers, or too long to
    be one of ours."""
    if len(text) > _LONGEST:
        return ()
    unsigned = _SIGNATURE.split(text, maxsplit=1)[0].replace("\r\n", "\n").strip("\n")
    head, _, last = unsigned.rpartition("\n\n")
    found = [_LINE.fullmatch(line) for line in last.split("\n")] if head else []
    return tuple((m[1], m[2]) for m in found if m) if all(found) else ()
