"""A conda package as a value, and its bytes in the `.conda` format: the same value, the same bytes."""

import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import zstandard

# conda's own length: long enough for any prefix that is to stand in a binary
PLACEHOLDER = ("/opt/" + "placehold_" * 25)[:255]
EPOCH = 1_700_000_000  # seconds; the time of every member
ZSTD_LEVEL = 3


@dataclass(frozen=True, kw_only=True)
class PackageFile:
    """One file of a package; with `link`, a symbolic link that points there."""

    content: bytes = b""
    executable: bool = False
    link: str | None = None
    placeholder: str | None = None  # the prefix that stands in the content, to be replaced at installation
    declared_sha256: str | None = None  # only to lie in info/paths.json

    @property
    def mode(self) -> int:
        return 0o755 if self.executable or self.link is not None else 0o644


@dataclass(frozen=True, kw_only=True)
class CondaPackage:
    """A package; files are packed in the order given, and a name may also be one that leaves the prefix."""

    name: str
    version: str = "1.0"
    build: str = "0"
    build_number: int = 0
    depends: tuple[str, ...] = ()
    constrains: tuple[str, ...] = ()
    files: Mapping[str, PackageFile | bytes] = field(default_factory=dict)
    noarch: Literal["python", "generic"] | None = None
    entry_points: tuple[str, ...] = ()  # "NAME = MODULE:FUNCTION", of noarch Python packages
    license: str = "MIT"
    timestamp: int = EPOCH * 1000  # milliseconds
    platform: str = "linux-64"  # where it is made for, unless it is for all
    index: Mapping[str, Any] = field(default_factory=dict)  # more of info/index.json, or other than the truth

    @property
    def subdir(self) -> str:
        return "noarch" if self.noarch else self.platform

    @property
    def stem(self) -> str:
        return f"{self.name}-{self.version}-{self.build}"

    @property
    def file_name(self) -> str:
        return f"{self.stem}.conda"

    def index_json(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "build": self.build,
            "build_number": self.build_number,
            "depends": list(self.depends),
            "license": self.license,
            "name": self.name,
            "subdir": self.subdir,
            "timestamp": self.timestamp,
            "version": self.version,
        }
        if self.constrains:
            entry["constrains"] = list(self.constrains)
        if self.noarch:
            entry["noarch"] = self.noarch
        else:
            system, _, machine = self.platform.partition("-")
            entry |= {"arch": {"64": "x86_64"}.get(machine, machine), "platform": system}
        return entry | dict(self.index)


def package_bytes(package: CondaPackage) -> bytes:
    """The `.conda` file: a stored zip of metadata.json and two zstd-compressed tars."""
    files = {name: _file(entry) for name, entry in package.files.items()}
    members = {
        "metadata.json": b'{"conda_pkg_format_version": 2}',
        f"pkg-{package.stem}.tar.zst": compressed_tar(files),
        f"info-{package.stem}.tar.zst": compressed_tar(_info(package, files)),
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content)
    return packed.getvalue()


def write_package(channel: Path, package: CondaPackage) -> Path:
    """The package as a file in its subdir of the channel, not yet in its index."""
    target = channel / package.subdir / package.file_name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(package_bytes(package))
    return target


def _file(entry: PackageFile | bytes) -> PackageFile:
    return PackageFile(content=entry) if isinstance(entry, bytes) else entry


def _info(package: CondaPackage, files: Mapping[str, PackageFile]) -> dict[str, PackageFile]:
    paths = [_path_entry(name, file, files) for name, file in files.items()]
    documents: dict[str, Any] = {
        "info/about.json": {"license": package.license, "summary": f"{package.name}, repacked for tests"},
        "info/index.json": package.index_json(),
        "info/paths.json": {"paths": paths, "paths_version": 1},
    }
    if package.noarch == "python":
        noarch = {"type": "python", "entry_points": list(package.entry_points)}
        documents["info/link.json"] = {"noarch": noarch, "package_metadata_version": 1}
    listing = "".join(f"{name}\n" for name in files).encode()
    return {
        **{name: PackageFile(content=_json(document)) for name, document in documents.items()},
        "info/files": PackageFile(content=listing),
    }


def _path_entry(name: str, file: PackageFile, files: Mapping[str, PackageFile]) -> dict[str, Any]:
    if file.link is not None:
        # as conda-build has it: the hash is that of the file the link leads to
        target = files.get(str(Path(name).parent / file.link), PackageFile())
        return {"_path": name, "path_type": "softlink", "sha256": _sha256(target), "size_in_bytes": 0}
    entry: dict[str, Any] = {
        "_path": name,
        "path_type": "hardlink",
        "sha256": file.declared_sha256 or _sha256(file),
        "size_in_bytes": len(file.content),
    }
    if file.placeholder is not None:
        entry["prefix_placeholder"] = file.placeholder
        entry["file_mode"] = "binary" if b"\0" in file.content else "text"
    return entry


def compressed_tar(files: Mapping[str, PackageFile]) -> bytes:
    """One of the two archives inside a package."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, file in files.items():
            archive.addfile(_member(name, file), io.BytesIO(file.content))
    compressor = zstandard.ZstdCompressor(level=ZSTD_LEVEL, write_content_size=True)
    return compressor.compress(packed.getvalue())


def _member(name: str, file: PackageFile) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.mode, member.mtime = file.mode, EPOCH
    if file.link is not None:
        member.type, member.linkname = tarfile.SYMTYPE, file.link
    else:
        member.size = len(file.content)
    return member


def _sha256(file: PackageFile) -> str:
    return hashlib.sha256(file.content).hexdigest()


def _json(document: object) -> bytes:
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"
