"""A checked wheel in the words of `installer`: a source whose members are named but not read."""

import stat
from collections.abc import Iterator
from io import BytesIO

from installer.records import Hash, RecordEntry, parse_record_file
from installer.sources import WheelContentElement, WheelSource
from packaging.utils import parse_wheel_filename

from envlock.environments.wheel_archive import WheelArchive
from envlock.environments.wheel_member import WheelMember


class UnreadMember(BytesIO):
    """Stands for the bytes of a member, with what the wheel's RECORD says of them; nobody reads it as a stream."""

    def __init__(self, member: WheelMember, recorded: Hash | None) -> None:
        super().__init__()
        self.member = member
        self.recorded = recorded


class ArchiveSource(WheelSource):
    """A checked archive, in the words of `installer`."""

    def __init__(self, archive: WheelArchive) -> None:
        name, version, *_ = parse_wheel_filename(archive.path.name)
        super().__init__(name, str(version))
        self._archive = archive

    @property
    def dist_info_dir(self) -> str:
        return self._archive.dist_info

    @property
    def data_dir(self) -> str:
        return self._archive.data or super().data_dir

    @property
    def dist_info_filenames(self) -> list[str]:
        start = f"{self.dist_info_dir}/"
        return [name.removeprefix(start) for name in self._archive.members if name.startswith(start)]

    def read_dist_info(self, filename: str) -> str:
        return self._archive.text(filename)

    def get_contents(self) -> Iterator[WheelContentElement]:
        record = {row[0]: row for row in parse_record_file(self.read_dist_info("RECORD").splitlines())}
        modes = {entry.filename: entry.external_attr >> 16 for entry in self._archive.entries}
        for name, member in self._archive.members.items():
            if "__pycache__" in name.split("/"):
                continue  # bytecode is made here or not at all: that of a wheel may be of anything
            row = record.get(name, (name, "", ""))
            executable = stat.S_ISREG(modes[name]) and bool(modes[name] & 0o111)
            yield row, UnreadMember(member, _recorded(row, member)), executable


def _recorded(row: tuple[str, str, str], member: WheelMember) -> Hash | None:
    """The hash that RECORD has of a member, where it is a good one and of a file of this size."""
    entry = RecordEntry.from_elements(*row)
    good = entry.hash_ is not None and entry.hash_.name in ("sha256", "sha384", "sha512")
    return entry.hash_ if good and entry.size == member.size else None
