"""A .deb put together byte by byte, as no tool of Debian would make it."""

import io
import lzma
import tarfile
from collections.abc import Iterable
from dataclasses import dataclass

STANZA = b"Package: tiny\nVersion: 1.0\nArchitecture: amd64\nDescription: made by hand\n"


@dataclass(frozen=True)
class Entry:
    """A member of a tar archive, as tarfile has it."""

    name: str
    content: bytes = b""
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    mode: int = 0o644
    user: str = "root"
    uid: int = 0

    @property
    def info(self) -> tarfile.TarInfo:
        info = tarfile.TarInfo(self.name)
        info.type, info.linkname, info.mode, info.size = self.kind, self.target, self.mode, len(self.content)
        info.uname = info.gname = self.user
        info.uid = info.gid = self.uid
        return info


def folder(name: str, mode: int = 0o755) -> Entry:
    return Entry(name, kind=tarfile.DIRTYPE, mode=mode)


def link(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.SYMTYPE, target=target, mode=0o777)


def hardlink(name: str, target: str) -> Entry:
    return Entry(name, kind=tarfile.LNKTYPE, target=target)


def tar(*entries: Entry, form: int = tarfile.GNU_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=form) as archive:
        for entry in entries:
            archive.addfile(entry.info, io.BytesIO(entry.content))
    return file.getvalue()


def ar(members: Iterable[tuple[str, bytes]]) -> bytes:
    """The outer archive; names and sizes as they are given."""
    parts = [b"!<arch>\n"]
    for name, data in members:
        parts.append(f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(data):<10}`\n".encode())
        parts.append(data + b"\n" * (len(data) % 2))
    return b"".join(parts)


def members(data: bytes, control: bytes | None = None) -> dict[str, bytes]:
    """Of a package with one data archive; `control` is a plain tar."""
    control = tar(Entry("./control", STANZA)) if control is None else control
    return {
        "debian-binary": b"2.0\n",
        "control.tar.xz": lzma.compress(control),
        "data.tar.xz": lzma.compress(data),
    }


def deb(*entries: Entry, control: bytes | None = None) -> bytes:
    """A package that brings these entries."""
    return ar(members(tar(*entries), control).items())
