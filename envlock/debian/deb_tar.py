"""Members of the archives within a .deb: the kinds of tar that dpkg reads (deb(5)), and nothing else.

Python's own reader takes much more, PAX headers and sparse files for two, and takes them at their word: names of any
length are read whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO

from envlock.errors import OutsideError

BLOCK = 512
MOST_MEMBERS = 300_000  # thrice what the largest packages of Debian have
_MOST_NAME = 4096 + 1  # bytes of a path on Linux, and its end
_KINDS = {b"0": "file", b"\0": "file", b"7": "file", b"1": "hardlink", b"2": "link", b"5": "folder"}
_REFUSED = {b"3": "a device", b"4": "a device", b"6": "a pipe", b"x": "a PAX header", b"g": "a PAX header"}
_LONG = {b"L": "name", b"K": "target"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TarMember:
    """A member as its header stands: `kind` is "file", "folder", "link" or "hardlink", and `target` of the latter two.

    `offset` is where in the plain archive its bytes are. `user` and `group` may be empty.
    """

    name: bytes
    kind: str
    mode: int
    uid: int
    gid: int
    user: str
    group: str
    size: int
    target: bytes
    offset: int


def tar_members(file: IO[bytes]) -> Iterator[TarMember]:
    """The members of a plain archive that can be sought in; OutsideError for what dpkg refuses, and for devices."""
    end = file.seek(0, 2)
    offset, long = 0, {"name": b"", "target": b""}
    for _ in range(MOST_MEMBERS):
        header = _read(file, offset, BLOCK)
        if not header.strip(b"\0"):
            return
        kind, size = header[156:157], _number(header[124:136])
        _require_checksum(header, offset)
        offset += BLOCK
        if offset + size > end:
            raise OutsideError("it ends within a member")
        if which := _LONG.get(kind):
            if size > _MOST_NAME:
                raise OutsideError(f"it has a path of {size} bytes")
            long[which] = _read(file, offset, size).partition(b"\0")[0]
        else:
            member = _member(header, offset, long)
            yield member
            size, long = member.size, {"name": b"", "target": b""}
        offset += size + -size % BLOCK
    raise OutsideError(f"it has more than {MOST_MEMBERS} members")


def _member(header: bytes, offset: int, long: dict[str, bytes]) -> TarMember:
    name = long["name"] or _whole_name(header)
    kind = _KINDS.get(header[156:157])
    if kind is None:
        what = _REFUSED.get(header[156:157], f"of an unknown kind, {header[156:157]!r}")
        raise OutsideError(f"`{repr(name)[2:-1]}` is {what}")
    if kind == "file" and name.endswith(b"/"):
        kind = "folder"  # as the oldest kind of tar writes them
    return TarMember(
        name=name,
        kind=kind,
        mode=_number(header[100:108]) & 0o7777,
        uid=_number(header[108:116]),
        gid=_number(header[116:124]),
        user=_text(header[265:297]),
        group=_text(header[297:329]),
        size=_number(header[124:136]) if kind == "file" else 0,
        target=(long["target"] or _cut(header[157:257])) if kind in ("link", "hardlink") else b"",
        offset=offset,
    )


def _whole_name(header: bytes) -> bytes:
    """The name, with what POSIX puts before it; GNU's tar has other things there."""
    name = _cut(header[:100])
    prefix = _cut(header[345:500]) if header[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _read(file: IO[bytes], offset: int, count: int) -> bytes:
    file.seek(offset)
    found = file.read(count)
    if len(found) < count:
        raise OutsideError("it ends without its end mark")
    return found


def _require_checksum(header: bytes, offset: int) -> None:
    if _number(header[148:156]) != sum(header) - sum(header[148:156]) + 8 * 0x20:
        raise OutsideError(f"what stands at byte {offset} is not the header of a member")


def _number(field: bytes) -> int:
    """A number in octal digits, or GNU's way for large ones: a first byte of 128, and the rest as it is."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0")
    if digits and not all(0x30 <= digit <= 0x37 for digit in digits):
        raise OutsideError(f"{field!r} stands where a number should")
    return int(digits or b"0", 8)


def _cut(field: bytes) -> bytes:
    return field.partition(b"\0")[0]


def _text(field: bytes) -> str:
    return _cut(field).decode(errors="replace")
