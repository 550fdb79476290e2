"""A small answer of a server, as a plain value, so that nothing needs an HTTP library to hold one."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """The bytes, with what tells them from later ones at the same place: both are sent back, to hear of changes."""

    data: bytes
    etag: str | None = None
    modified: str | None = None


# the answer that nothing changed
UNCHANGED = Body(data=b"")
