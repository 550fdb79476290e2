"""What planning needs of a .deb, read once and kept by its sha256: a package whose layer is there stays packed."""

import os
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from envlock.debian.accounts import GROUP, PASSWD
from envlock.debian.deb import read_control, unpack_data
from envlock.debian.deb_parts import Part
from envlock.debian.deb_stream import Section
from envlock.debian.elf import MAGIC, SharedObject, read_shared_object
from envlock.debian.listing import Member
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache, typed

CONTENTS = "debian-contents"
# small files that say what the members of other packages are
_TEXTS = frozenset((PASSWD, GROUP))
_MOST_TEXT = 1 << 20
_TYPES = (str, str, int, int, int, str, str, int, str, int)  # of a member's fields, in their order


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """A package's members, its control files by name, and the bytes of the few files that all packages go by.

    `objects` are its shared objects, by where in the plain archive their bytes are.
    """

    members: tuple[Member, ...]
    control: Mapping[str, bytes]
    texts: Mapping[str, bytes]
    objects: Mapping[int, SharedObject]


def read_contents(package: DebianPackage, file: Path, cache: Cache, data: Path) -> Contents:
    """The contents of a package; where they are not known yet, its data archive is unpacked into the new file `data`.

    OutsideError where it holds what could do harm.
    """
    kept = cache.record(CONTENTS, package.sha256, _contents)
    if kept is None:
        control, members = read_control(file), unpack_data(file, data)
        kept = Contents(control=control, members=members, texts=_texts(members, data), objects=_objects(members, data))
        cache.keep(CONTENTS, package.sha256, _plain(kept), lasting=False)
    return kept


def _texts(members: tuple[Member, ...], data: Path) -> dict[str, bytes]:
    wanted = [m for m in members if m.path in _TEXTS and m.kind == "file" and m.size <= _MOST_TEXT]
    found = {}
    with data.open("rb") as file:
        for member in wanted:
            file.seek(member.offset)
            found[member.path] = file.read(member.size)
    return found


def _objects(members: tuple[Member, ...], data: Path) -> dict[int, SharedObject]:
    found = {}
    with data.open("rb") as file:
        for member in members:
            if member.kind == "file" and os.pread(file.fileno(), len(MAGIC), member.offset) == MAGIC:
                part = Section(file, Part(member.path, member.offset, member.size))
                if read := read_shared_object(part):  # type: ignore[arg-type]  # it has all that is used of a file
                    found[member.offset] = read
    return found


def _plain(contents: Contents) -> dict[str, Any]:
    return {
        "members": [astuple(member) for member in contents.members],
        "control": {name: _text(data) for name, data in contents.control.items()},
        "texts": {name: _text(data) for name, data in contents.texts.items()},
        "objects": [(offset, *astuple(each)) for offset, each in contents.objects.items()],
    }


def _contents(kept: Any) -> Contents:
    return Contents(
        members=tuple(_member(typed(values, list)) for values in typed(kept["members"], list)),
        control={name: _bytes(text) for name, text in typed(kept["control"], dict).items()},
        texts={name: _bytes(text) for name, text in typed(kept["texts"], dict).items()},
        objects=dict(_object(typed(values, list)) for values in typed(kept["objects"], list)),
    )


def _member(values: list[Any]) -> Member:
    fields = zip(Member.__dataclass_fields__, values, _TYPES, strict=True)
    return Member(**{name: typed(value, kind) for name, value, kind in fields})


def _object(values: list[Any]) -> tuple[int, SharedObject]:
    offset, machine, wide, soname, level = values
    return typed(offset, int), SharedObject(
        machine=typed(machine, int),
        wide=typed(wide, bool),
        soname=None if soname is None else typed(soname, str),
        level=typed(level, int),
    )


def _text(data: bytes) -> str:
    return data.decode(errors="surrogateescape")


def _bytes(text: Any) -> bytes:
    return typed(text, str).encode(errors="surrogateescape")
