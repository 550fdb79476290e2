"""A wheel, read: everything that its files in any prefix follow from, checked, as a value that can be kept.

The `installer` library decides what of it goes where, as it would for a folder; the destination that it is given only
takes notes. Whoever has the notes need not look into the wheel again, but for the bytes of its members.
"""

import base64
import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import installer
from installer.destinations import WheelDestination
from installer.records import RecordEntry
from installer.utils import SCHEME_NAMES, Scheme
from packaging.utils import parse_wheel_filename

from envlock.environments.wheel_archive import open_archive
from envlock.environments.wheel_checks import problems
from envlock.environments.wheel_member import WheelMember
from envlock.environments.wheel_source import ArchiveSource, UnreadMember
from envlock.errors import OutsideError
from envlock.model.files import Content

if TYPE_CHECKING:
    from installer.scripts import ScriptSection

EntryPoint = tuple[
    str, str, str, "ScriptSection"
]  # its name, what of which module is called, and in what kind of script


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadMember:
    """A file of a wheel: where it goes by its scheme, and what RECORD says of its bytes ("sha256=…")."""

    scheme: str
    path: str
    member: WheelMember
    recorded: str
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadWheel:
    """`distribution` is the normalised name; dist-info is `folder` in the scheme `root`; `metadata` is METADATA."""

    path: Path
    distribution: str
    root: str
    folder: str
    metadata: bytes
    entry_points: tuple[EntryPoint, ...]
    members: tuple[ReadMember, ...]


def read_wheel(path: Path) -> ReadWheel:
    """Looks into a wheel; OutsideError with everything that is wrong with it."""
    archive = open_archive(path)
    refuse(path, problems(archive))
    notes = _Notes()
    installer.install(ArchiveSource(archive), notes, {})
    return ReadWheel(
        path=path,
        distribution=str(parse_wheel_filename(path.name)[0]),
        root=notes.root,
        folder=archive.dist_info,
        metadata=archive.read("METADATA"),
        entry_points=tuple(notes.entry_points),
        members=tuple(notes.members),
    )


def refuse(path: Path, found: Iterable[str]) -> None:
    """OutsideError where anything was found to be wrong."""
    if lines := tuple(found):
        raise OutsideError(f"the wheel `{path.name}` is refused: " + "; ".join(lines))


def hashed(content: Content) -> str:
    """The hash of a content, as RECORD has it."""
    digest = hashlib.sha256()
    for chunk in content.chunks():
        digest.update(chunk)
    return f"sha256={base64.urlsafe_b64encode(digest.digest()).decode().rstrip('=')}"


def as_record(wheel: ReadWheel) -> dict[str, Any]:
    """What is kept of it: plain values, found again by the wheel's sha256."""
    schemes: list[str] = list(SCHEME_NAMES)
    rows = [
        [schemes.index(m.scheme), m.path, m.recorded, int(m.executable), *_place(m.member, m.path)]
        for m in wheel.members
    ]
    return {
        "distribution": wheel.distribution,
        "root": wheel.root,
        "folder": wheel.folder,
        "metadata": wheel.metadata.decode("latin-1"),  # any bytes, as they are
        "entry_points": [list(entry) for entry in wheel.entry_points],
        "members": rows,
    }


def from_record(path: Path, kept: Mapping[str, Any]) -> ReadWheel:
    """The same again, for the file at `path`; LookupError, TypeError or ValueError where it is no such record."""
    return ReadWheel(
        path=path,
        distribution=kept["distribution"],
        root=kept["root"],
        folder=kept["folder"],
        metadata=kept["metadata"].encode("latin-1"),
        entry_points=tuple((name, module, attr, section) for name, module, attr, section in kept["entry_points"]),
        members=tuple(_members(path, kept["members"])),
    )


def _place(member: WheelMember, path: str) -> tuple[str | int, ...]:
    """Where its bytes are; the name only where it is another than the path."""
    name = "" if member.name == path else member.name
    return name, member.size, member.packed, member.offset, member.crc, int(member.deflated)


def _members(wheel: Path, rows: Iterable[list[Any]]) -> Iterator[ReadMember]:
    schemes = list(SCHEME_NAMES)
    for scheme, path, recorded, executable, name, size, packed, offset, crc, deflated in rows:
        member = WheelMember(
            wheel=wheel,
            name=name or path,
            size=size,
            packed=packed,
            offset=offset,
            crc=crc,
            deflated=bool(deflated),
        )
        yield ReadMember(
            scheme=schemes[scheme], path=path, member=member, recorded=recorded, executable=bool(executable)
        )


class _Notes(WheelDestination):
    """Notes what `installer` would write."""

    def __init__(self) -> None:
        self.entry_points: list[EntryPoint] = []
        self.members: list[ReadMember] = []
        self.root = ""

    def write_script(self, name: str, module: str, attr: str, section: "ScriptSection") -> RecordEntry:
        """A script for an entry point."""
        self.entry_points.append((name, module, attr, section))
        return RecordEntry(name, None, None)

    def write_file(
        self, scheme: Scheme, path: str | os.PathLike[str], stream: BinaryIO, is_executable: bool
    ) -> RecordEntry:
        """A member of the wheel."""
        assert isinstance(stream, UnreadMember)
        name, member = os.fspath(path), stream.member
        recorded = str(stream.recorded) if stream.recorded else hashed(member)
        self.members.append(
            ReadMember(scheme=scheme, path=name, member=member, recorded=recorded, executable=is_executable)
        )
        return RecordEntry(name, None, None)

    def finalize_installation(
        self,
        scheme: Scheme,
        record_file_path: str,  # noqa: ARG002 - named so by the interface
        records: Iterable[tuple[Scheme, RecordEntry]],  # noqa: ARG002
    ) -> None:
        """Where dist-info goes."""
        self.root = scheme
