"""The outer archive of a .deb: an `ar` of its version, a control archive and a data archive, in that order (deb(5))."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from envlock.errors import OutsideError

MAGIC = b"!<arch>\n"
HEADER = 60  # bytes before each member
VERSION = "debian-binary"
_MOST_MEMBERS = 16
_MOST_VERSION = 64  # bytes of `debian-binary`
# name, time, owner, group, mode, size; all but name and size are of no meaning here
_HEADER = re.compile(rb"([!-~]{1,16}) {0,15}[ -~]{32}([0-9]{1,10}) {0,9}`\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Part:
    """A member of the outer archive: where in the file its bytes are."""

    name: str
    offset: int
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """The two archives of a .deb; `data` is None where the bytes at hand end before it."""

    control: Part
    data: Part | None


def read_parts(file: IO[bytes]) -> Parts:
    """Finds the archives of a .deb, reading only headers; OutsideError, without the file's name, where there are none.

    `control` may reach beyond the end of the file: whoever reads it finds out.
    """
    file.seek(0)
    if file.read(len(MAGIC)) != MAGIC:
        raise OutsideError("it is not an `ar` archive")
    members = _members(file)
    version = next(members, None)
    if version is None or version.name != VERSION:
        raise OutsideError(f"its first member is not `{VERSION}`")
    _require_version(file, version)
    # what begins with an underscore is for others (signatures, for one), and is to be passed over
    known = [part for part in members if not part.name.startswith("_")]
    if not known or not known[0].name.startswith("control.tar"):
        raise OutsideError(f"no control archive follows its `{VERSION}`")
    if len(known) > 1 and not known[1].name.startswith("data.tar"):
        raise OutsideError(f"`{known[1].name}` follows its control archive, where its data should")
    if len(known) > 2:
        raise OutsideError(f"it has a member too many, `{known[2].name}`")
    return Parts(control=known[0], data=known[1] if len(known) > 1 else None)


def _require_version(file: IO[bytes], part: Part) -> None:
    file.seek(part.offset)
    version = file.read(min(part.size, _MOST_VERSION))
    if not re.match(rb"2\.[0-9]+\n", version):
        raise OutsideError(f"it is of format {version[:16].decode(errors='replace').strip()!r}, expected 2.0")


def _members(file: IO[bytes]) -> Iterator[Part]:
    """The members as their headers stand; the last may be cut short."""
    offset = len(MAGIC)
    for _ in range(_MOST_MEMBERS):
        file.seek(offset)
        header = file.read(HEADER)
        if not header.strip(b"\n"):
            return
        if len(header) < HEADER:
            raise OutsideError("it ends within a header")
        found = _HEADER.fullmatch(header)
        if not found:
            raise OutsideError(f"what stands at byte {offset} is not the header of a member")
        part = Part(found[1].decode().removesuffix("/"), offset + HEADER, int(found[2]))
        yield part
        offset = part.offset + part.size + part.size % 2
    raise OutsideError(f"it has more than {_MOST_MEMBERS} members")
