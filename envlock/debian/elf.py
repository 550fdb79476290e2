"""What the dynamic loader wants to know of a shared object (ELF, little-endian), read from any bytes at all."""

import struct
from abc import ABC
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"\x7fELF"
SHARED = 3  # ET_DYN
LOAD, DYNAMIC, PROPERTIES = 1, 2, 0x6474E553
END, STRINGS, SONAME = 0, 5, 14
# of a note of properties: the level of x86-64 that the object needs (x86-64-v2 is 1)
PROPERTY_NOTE, LEVEL_NEEDED = 5, 0xC0008002
MOST_DYNAMIC = 1 << 20  # bytes of the table of what is dynamic
MOST_NAME = 255
MOST_NOTES = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedObject:
    """`machine` is the number that ELF has for it, `wide` means 64 bits; `level` counts from 0, the oldest of them."""

    machine: int
    wide: bool
    soname: str | None = None
    level: int = 0


class Inspected(ABC):
    """Content of which this is known without its bytes; None for what is no shared object."""

    __slots__ = ()
    shared_object: SharedObject | None


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where fields lie in objects of one width: formats of struct, with the size of an address."""

    header: str
    segment: str
    dynamic: str
    address: int


class _OddError(Exception):
    """Not an object that a loader could use."""


@dataclass(frozen=True, slots=True)
class _Segment:
    kind: int
    offset: int
    address: int
    size: int
    alignment: int


WIDE = _Layout("<16xHH12xQ16xH", "<II6Q", "<qQ", 8)
NARROW = _Layout("<16xHH8xI12xH", "<8I", "<iI", 4)


def read_shared_object(file: BinaryIO) -> SharedObject | None:
    """The shared object in a file that can be sought in; None for anything else, and where it is cut off or odd."""
    try:
        return _read(file)
    except (_OddError, struct.error):
        return None


def _read(file: BinaryIO) -> SharedObject:
    start = _at(file, 0, 64, least=52)
    if start[:4] != MAGIC or start[4] not in (1, 2) or start[5] != 1:
        raise _OddError
    layout = WIDE if start[4] == 2 else NARROW
    kind, machine, table, count = struct.unpack_from(layout.header, start)
    if kind != SHARED:
        raise _OddError
    segments = list(_segments(_at(file, table, count * struct.calcsize(layout.segment)), layout))
    named = list(_dynamic(file, segments, layout))
    strings = next((value for tag, value in named if tag == STRINGS), None)
    if strings is None:
        raise _OddError
    offset = _offset(segments, strings)
    sonames = [value for tag, value in named if tag == SONAME]
    return SharedObject(
        machine=machine,
        wide=layout is WIDE,
        soname=_name(file, offset + sonames[0]) if sonames else None,
        level=_level(file, segments, layout),
    )


def _at(file: BinaryIO, offset: int, size: int, *, least: int | None = None) -> bytes:
    if offset >= 1 << 62:
        raise _OddError
    file.seek(offset)
    data = file.read(size)
    if len(data) < (size if least is None else least):
        raise _OddError
    return data


def _segments(table: bytes, layout: _Layout) -> Iterator[_Segment]:
    for fields in struct.iter_unpack(layout.segment, table):
        if layout is WIDE:
            kind, _, offset, address, _, size, _, alignment = fields
        else:
            kind, offset, address, _, size, _, _, alignment = fields
        yield _Segment(kind, offset, address, size, alignment)


def _dynamic(file: BinaryIO, segments: list[_Segment], layout: _Layout) -> Iterator[tuple[int, int]]:
    """The tagged values up to the one that ends them."""
    places = [segment for segment in segments if segment.kind == DYNAMIC and segment.size]
    if not places:
        raise _OddError
    width = struct.calcsize(layout.dynamic)
    data = _at(file, places[-1].offset, min(places[-1].size, MOST_DYNAMIC) // width * width)
    for tag, value in struct.iter_unpack(layout.dynamic, data):
        if tag == END:
            return
        yield tag, value
    raise _OddError


def _offset(segments: list[_Segment], address: int) -> int:
    """Where in the file an address is loaded from."""
    for segment in segments:
        if segment.kind == LOAD and segment.address <= address < segment.address + segment.size:
            return address - segment.address + segment.offset
    return address


def _name(file: BinaryIO, offset: int) -> str:
    """A name that can be a file's."""
    data, ended, _ = _at(file, offset, MOST_NAME + 1, least=0).partition(b"\0")
    name = data.decode("utf-8", "replace")
    if not ended or name in {"", ".", ".."} or not name.isprintable() or "/" in name or "\ufffd" in name:
        raise _OddError
    return name


def _level(file: BinaryIO, segments: list[_Segment], layout: _Layout) -> int:
    for segment in segments:
        if segment.kind == PROPERTIES and segment.alignment == layout.address:
            notes = _at(file, segment.offset, min(segment.size, MOST_NOTES), least=0)
            return _level_of_notes(notes, layout.address)
    return 0


def _level_of_notes(notes: bytes, alignment: int) -> int:
    at = 0
    while at + 16 < len(notes):
        name_size, size, kind = struct.unpack_from("<III", notes, at)
        start = at + 12 + -(-name_size // 4) * 4
        if kind == PROPERTY_NOTE and notes[at + 12 : at + 16] == b"GNU\0":
            return _level_of_properties(notes[start : start + size], alignment)
        at = -(-(start + size) // alignment) * alignment
    return 0


def _level_of_properties(properties: bytes, alignment: int) -> int:
    at = 0
    while at + 12 <= len(properties):
        kind, size, value = struct.unpack_from("<III", properties, at)
        if kind == LEVEL_NEEDED and size == 4 and value:
            return int(value).bit_length() - 1
        at += 8 + -(-size // alignment) * alignment
    return 0
