"""Git's objects as they are written."""

import os
import re
from collections.abc import Iterator

from envlock.history.repository import Commit, Entry, Person

_PERSON = re.compile(
    rb"(?P<name>[^<]*)<(?P<email>[^>]*)>(?: (?P<time>-?\d+)(?: (?P<offset>[+-]\d{1,4}))?)?.*", re.DOTALL
)


def decoded(text: bytes, encoding: str | None = None) -> str:
    """Words of a commit or tag; what is not in its encoding is replaced, for such there are in old histories."""
    try:
        return text.decode(encoding or "utf-8", "replace")
    except LookupError:
        return text.decode("utf-8", "replace")


def commit_of_bytes(id: str, content: bytes, *, cut_off: bool) -> Commit:
    """A commit; without parents where a shallow clone is cut off there. ValueError where it is none."""
    fields, message = _parts(content)
    encoding = decoded(next(iter(fields.get(b"encoding", ())), b"")) or None
    parents = () if cut_off else tuple(parent.decode("ascii") for parent in fields.get(b"parent", ()))
    return Commit(
        id=id,
        tree=_one(fields, b"tree").decode("ascii"),
        parents=parents,
        author=person(_one(fields, b"author"), encoding),
        committer=person(_one(fields, b"committer"), encoding),
        message=decoded(message, encoding),
    )


def tag_of_bytes(content: bytes) -> tuple[str, Person | None, str]:
    """What an annotated tag names, who made it, and its message. ValueError where it is none."""
    fields, message = _parts(content)
    tagger = fields.get(b"tagger", ())
    return _one(fields, b"object").decode("ascii"), person(tagger[0]) if tagger else None, decoded(message)


def entries_of_bytes(content: bytes, *, size: int) -> Iterator[Entry]:
    """What a folder has, by name; `size` is that of an id in bytes. ValueError where it is none."""
    at = 0
    while at < len(content):
        space, end = content.index(b" ", at), content.index(b"\0", at)
        id = content[end + 1 : end + 1 + size].hex()
        yield Entry(path=os.fsdecode(content[space + 1 : end]), mode=int(content[at:space], 8), id=id)
        at = end + 1 + size


def person(text: bytes, encoding: str | None = None) -> Person:
    """Who and when, as git writes it. ValueError where it is not so."""
    found = _PERSON.fullmatch(text)
    if not found:
        raise ValueError(f"`{decoded(text)}` is nobody")
    offset = int(found["offset"] or 0)
    minutes = abs(offset) // 100 * 60 + abs(offset) % 100
    return Person(
        name=decoded(found["name"].strip(), encoding),
        email=decoded(found["email"], encoding),
        time=int(found["time"] or 0),
        offset=-minutes if offset < 0 else minutes,
    )


def _parts(content: bytes) -> tuple[dict[bytes, list[bytes]], bytes]:
    """The fields of the head, each as often as it is there, and the message."""
    head, _, message = content.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        if not line.startswith(b" "):  # else more of the field before: a signature
            name, _, value = line.partition(b" ")
            fields.setdefault(name, []).append(value)
    return fields, message


def _one(fields: dict[bytes, list[bytes]], name: bytes) -> bytes:
    if name not in fields:
        raise ValueError(f"it has no {name.decode()}")
    return fields[name][0]
