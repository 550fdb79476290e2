"""Everything about a wheel that could be wrong, or meant ill, looked at before any of it is believed."""

import csv
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from configparser import Error as ConfigError

from installer.records import InvalidRecordEntry, RecordEntry, parse_record_file
from installer.utils import SCHEME_NAMES, parse_entrypoints, parse_metadata_file
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.environments.wheel_archive import WheelArchive
from envlock.environments.wheel_member import COMPRESSIONS
from envlock.errors import OutsideError
from envlock.model.paths import name_problem
from envlock.model.wheel_metadata import read_metadata

MOST_BYTES = 20 << 30  # unpacked, in one wheel
_ENCRYPTED = 0x1


def problems(archive: WheelArchive) -> tuple[str, ...]:
    """What is wrong with a wheel, each in words that follow its name."""
    return tuple(problem for check in CHECKS for problem in _outcome(check, archive))


def _outcome(check: Callable[[WheelArchive], Iterator[str]], archive: WheelArchive) -> Iterator[str]:
    try:
        yield from check(archive)
    except OutsideError as error:
        yield error.message


def _names(archive: WheelArchive) -> Iterator[str]:
    for entry in archive.entries:
        # zipfile cuts a name at a zero byte: the name as it is written is the one to look at
        problem = name_problem(entry.orig_filename.removesuffix("/"))
        if problem:
            yield f"the name {entry.orig_filename!r} {problem}"
    for name, count in Counter(entry.filename for entry in archive.entries).items():
        if count > 1:
            yield f"`{name}` is there {count} times"


def _kinds(archive: WheelArchive) -> Iterator[str]:
    for entry in archive.entries:
        mode = entry.external_attr >> 16
        if stat.S_ISLNK(mode):
            yield f"`{entry.filename}` is a symbolic link"
        elif stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            yield f"`{entry.filename}` is a device or the like"
        if entry.flag_bits & _ENCRYPTED:
            yield f"`{entry.filename}` is encrypted"
        elif entry.compress_type not in COMPRESSIONS:
            yield f"`{entry.filename}` is compressed by a method that wheels do not have ({entry.compress_type})"


def _sizes(archive: WheelArchive) -> Iterator[str]:
    total = sum(entry.file_size for entry in archive.entries)
    if total > MOST_BYTES:
        yield f"it unpacks to {total} bytes, more than {MOST_BYTES}"


def _folders(archive: WheelArchive) -> Iterator[str]:
    if len(archive.dist_infos) != 1:
        yield f"it has {len(archive.dist_infos)} dist-info folders instead of one"
    if len(archive.data_folders) > 1:
        yield f"it has several data folders: {', '.join(archive.data_folders)}"
    for name in archive.members:
        parts = name.split("/")
        if archive.data and parts[0] == archive.data and (len(parts) < 3 or parts[1] not in SCHEME_NAMES):
            yield f"`{name}` is for a place that wheels do not have"


def _identity(archive: WheelArchive) -> Iterator[str]:
    try:
        name, version, *_ = parse_wheel_filename(archive.path.name)
    except InvalidWheelFilename as error:
        raise OutsideError(f"its file name is not that of a wheel: {error}") from error
    if not archive.dist_info:
        return
    folder_name, _, folder_version = archive.dist_info.removesuffix(".dist-info").partition("-")
    if canonicalize_name(folder_name) != name or not _same_version(folder_version, version):
        yield f"its dist-info folder is `{archive.dist_info}`"
    metadata = read_metadata(archive.read("METADATA"))
    if (metadata.name, metadata.version) != (name, str(version)):
        yield f"its METADATA is of {metadata.name} {metadata.version}"


def _same_version(text: str, version: Version) -> bool:
    try:
        return Version(text.replace("_", "-")) == version
    except InvalidVersion:
        return False


def _wheel_version(archive: WheelArchive) -> Iterator[str]:
    if archive.dist_info:
        stated = parse_metadata_file(archive.text("WHEEL"))["Wheel-Version"]
        if not str(stated).startswith("1."):
            yield f"its Wheel-Version is {stated}, not 1.x"


def _record(archive: WheelArchive) -> Iterator[str]:
    if not archive.dist_info:
        return
    try:
        for row in parse_record_file(archive.text("RECORD").splitlines()):
            RecordEntry.from_elements(*row)
    except (csv.Error, InvalidRecordEntry) as error:
        yield f"its RECORD is not valid: {error}"


def _entry_points(archive: WheelArchive) -> Iterator[str]:
    if f"{archive.dist_info}/entry_points.txt" not in archive.members:
        return
    try:
        names = [name for name, *_ in parse_entrypoints(archive.text("entry_points.txt"))]
    except ConfigError as error:
        raise OutsideError(f"its entry_points.txt is not valid: {' '.join(str(error).split())}") from error
    except (AssertionError, AttributeError) as error:  # that is how `installer` says it
        raise OutsideError("its entry_points.txt is not valid: a script names nothing to call") from error
    for name in names:
        if "/" in name or name_problem(name):
            yield f"the script {name!r} cannot be a file name"


CHECKS = (_names, _kinds, _sizes, _folders, _identity, _wheel_version, _record, _entry_points)
