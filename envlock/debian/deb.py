"""A .deb: its control files and its members, read without anything of it being run or believed."""

import io
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from envlock.debian.deb_parts import read_parts
from envlock.debian.deb_stream import plain_pieces
from envlock.debian.deb_tar import tar_members
from envlock.debian.listing import Member, listing
from envlock.debian.stanza import fields
from envlock.errors import OutsideError
from envlock.model.lock import DebianPackage
from envlock.model.promises import debian_disagreement
from envlock.system.parts import naming

MOST_CONTROL = 32 << 20  # bytes of all control files of a package; md5sums are the most of them
_CONTROL_FILE = re.compile(rb"(?:\./)?([A-Za-z0-9][A-Za-z0-9.+_-]*)")


def read_control(path: Path) -> Mapping[str, bytes]:
    """The files of the control archive by name: `control`, `postinst`, `md5sums`, …; OutsideError for a broken one."""
    with named(path.name), path.open("rb") as file:
        return _control(file)


def read_control_bytes(prefix: bytes) -> Mapping[str, bytes] | None:
    """The same from the first bytes of a .deb; None where they are too few."""
    file = io.BytesIO(prefix)
    try:
        control = read_parts(file).control
    except OutsideError:
        if len(prefix) < 512:  # the headers before the control archive are shorter
            return None
        raise
    return _control(file) if control.offset + control.size <= len(prefix) else None


def unpack_data(path: Path, target: Path) -> tuple[Member, ...]:
    """Decompresses the data archive into a new file, and says what is in it."""
    with named(path.name), path.open("rb") as file, naming(target), target.open("xb+") as plain:
        data = read_parts(file).data
        if data is None:
            raise OutsideError("it has no data archive")
        for piece in plain_pieces(file, data):
            plain.write(piece)
        return listing(tar_members(plain))


def require_promised(package: DebianPackage, control: Mapping[str, bytes], architecture: str) -> None:
    """OutsideError where the control file of a .deb is not what the lock says of it, for whatever reason."""
    with named(package.file_name):
        said = fields(control.get("control", b""))
    try:
        why = debian_disagreement(package, said, architecture)
    except ValueError as error:
        raise OutsideError(f"`{package.file_name}` is refused: {error}") from None
    if why:
        raise OutsideError(why, hint=f"`envlock lock -P debian:{package.name}` locks what its archive says now")


def _control(file: IO[bytes]) -> dict[str, bytes]:
    part = read_parts(file).control
    plain = io.BytesIO()
    for piece in plain_pieces(file, part, most=MOST_CONTROL):
        plain.write(piece)
    found: dict[str, bytes] = {}
    for member in tar_members(plain):
        if member.kind == "folder" and member.name.strip(b"./") == b"":
            continue
        name = _CONTROL_FILE.fullmatch(member.name)
        if not name or member.kind != "file" or name[1].decode() in found:
            raise OutsideError(f"`{repr(member.name)[2:-1]}` cannot be among its control files")
        plain.seek(member.offset)
        found[name[1].decode()] = plain.read(member.size)
    if "control" not in found:
        raise OutsideError("it has no control file")
    return found


@contextmanager
def named(file: str) -> Iterator[None]:
    """Has errors of a package name its file."""
    try:
        yield
    except OutsideError as error:
        raise OutsideError(f"`{file}` is refused: {error.message}", hint=error.hint) from error
