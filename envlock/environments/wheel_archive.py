"""A wheel as an archive: its directory read once, its members found again by their offsets."""

import struct
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from envlock.environments.wheel_member import WheelMember
from envlock.errors import OutsideError

MOST_TEXT = 64 << 20  # bytes in a file that is read whole


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelArchive:
    """What the directory of a wheel says, unchecked: `wheel_checks.problems` comes before any belief in it."""

    path: Path
    entries: tuple[zipfile.ZipInfo, ...]
    members: dict[str, WheelMember]
    dist_infos: tuple[str, ...]
    data_folders: tuple[str, ...]

    @property
    def dist_info(self) -> str:
        """The name of the dist-info folder, "" where there is not exactly one."""
        return _only(self.dist_infos)

    @property
    def data(self) -> str:
        """The name of the folder with files for other places than site-packages, "" where there is not exactly one."""
        return _only(self.data_folders)

    def read(self, file: str) -> bytes:
        """A file of the dist-info folder, whole; OutsideError where it is missing or damaged."""
        member = self.members.get(f"{self.dist_info}/{file}")
        if member is None:
            raise OutsideError(f"it has no {file}")
        if member.size > MOST_TEXT:
            raise OutsideError(f"its {file} is too large ({member.size} bytes)")
        return member.read()

    def text(self, file: str) -> str:
        try:
            return self.read(file).decode()
        except UnicodeDecodeError:
            raise OutsideError(f"its {file} is not UTF-8") from None


def open_archive(path: Path) -> WheelArchive:
    """Reads the directory of a wheel; OutsideError where there is none."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = tuple(archive.infolist())
    except OSError as error:
        raise OutsideError(f"cannot read `{path}`: {error.strerror}") from error
    except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, struct.error) as error:
        raise OutsideError(f"`{path.name}` is not a wheel: {error}") from error
    members = {entry.filename: WheelMember.of(path, entry) for entry in entries if not entry.filename.endswith("/")}
    return WheelArchive(
        path=path,
        entries=entries,
        members=members,
        dist_infos=_folders(members, ".dist-info"),
        data_folders=_folders(members, ".data"),
    )


def _folders(names: Iterable[str], suffix: str) -> tuple[str, ...]:
    """The folders at the top of the archive whose names end so."""
    return tuple(sorted({top for name in names if (top := name.partition("/")[0]).endswith(suffix)}))


def _only(found: tuple[str, ...]) -> str:
    return found[0] if len(found) == 1 else ""
