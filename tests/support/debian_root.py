"""A root that packages bring together, read by `dpkg-deb` and tarfile: what system functions see."""

import io
import os
import posixpath
import subprocess
import tarfile
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path

from envlock.model.files import Inline, SystemFile
from tests.support.processes import run
from tests.support.services import require

MERGED = frozenset({"bin", "sbin", "lib", "lib32", "lib64", "libo32", "libx32"})


class DebRoot:
    """A `Root` of .deb files, whose contents are held in memory."""

    def __init__(self, debs: Iterable[Path], *, architecture: str = "amd64") -> None:
        self.architecture = architecture
        self.packages: dict[str, Path] = {_field(deb, "Package"): deb for deb in sorted(debs)}
        self.files: dict[str, SystemFile] = {}
        for deb in self.packages.values():
            for file in _members(deb):
                if not (file.is_folder and file.path in self.files):
                    self.files[file.path] = file

    @cached_property
    def versions(self) -> Mapping[str, str]:
        return {name: _field(deb, "Version") for name, deb in self.packages.items()}

    def control(self, package: str) -> Mapping[str, bytes]:
        with _tar("--ctrl-tarfile", self.packages[package]) as archive:
            read = ((posixpath.normpath(each.name), archive.extractfile(each)) for each in archive if each.isreg())
            return {name: opened.read() for name, opened in read if opened}

    def read(self, path: str) -> bytes:
        file = self.files[path]
        content = self.files[file.hardlink].content if file.hardlink else file.content
        if content is None:
            raise KeyError(path)
        return b"".join(content.chunks())


class MadeRoot:
    """A `Root` of files described in place; everything counts as brought by the packages of `versions`."""

    def __init__(
        self, files: Iterable[SystemFile], versions: Iterable[str] = (), *, architecture: str = "amd64"
    ) -> None:
        self.architecture = architecture
        self.versions: Mapping[str, str] = {name: "1.0-1" for name in versions}
        self.files: dict[str, SystemFile] = {}
        self.controls: dict[str, Mapping[str, bytes]] = {}
        for file in files:
            for parent in list(Path(file.path).parents)[:-1]:
                self.files.setdefault(str(parent), SystemFile(path=str(parent), mode=0o755, is_folder=True))
            self.files[file.path] = file

    def control(self, package: str) -> Mapping[str, bytes]:
        return self.controls.get(package, {})

    def read(self, path: str) -> bytes:
        file = self.files[path]
        content = self.files[file.hardlink].content if file.hardlink else file.content
        if content is None:
            raise KeyError(path)
        return b"".join(content.chunks())


def lay_out(files: Iterable[SystemFile], folder: Path) -> None:
    """Write files below a folder with modes and owners; parents that are not among them are as usual."""
    hard = []
    for file in sorted(files, key=lambda file: file.path):
        target = folder / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_folder:
            target.mkdir(exist_ok=True)
        elif file.link is not None:
            target.symlink_to(file.link)
        elif file.hardlink is not None:
            hard.append((target, folder / file.hardlink))
        elif file.content is not None:
            target.write_bytes(b"".join(file.content.chunks()))
        if file.link is None and file.hardlink is None:
            os.chown(target, file.uid, file.gid)
            target.chmod(file.mode)
    for target, original in hard:
        target.hardlink_to(original)


def _field(deb: Path, name: str) -> str:
    return run((require("dpkg-deb", "dpkg"), "--field", deb, name)).strip()


def _tar(option: str, deb: Path) -> tarfile.TarFile:
    packed = subprocess.run((require("dpkg-deb", "dpkg"), option, deb), check=True, stdout=subprocess.PIPE)
    return tarfile.open(fileobj=io.BytesIO(packed.stdout))


def _members(deb: Path) -> Iterable[SystemFile]:
    with _tar("--fsys-tarfile", deb) as archive:
        for each in archive:
            path = _merged(posixpath.normpath(each.name))
            if path == "." or path in MERGED:
                continue
            opened = archive.extractfile(each) if each.isreg() else None
            yield SystemFile(
                path=path,
                mode=each.mode,
                uid=each.uid,
                gid=each.gid,
                content=Inline(opened.read()) if opened else None,
                link=each.linkname if each.issym() else None,
                hardlink=_merged(posixpath.normpath(each.linkname)) if each.islnk() else None,
                is_folder=each.isdir(),
            )


def _merged(path: str) -> str:
    top, slash, _ = path.partition("/")
    return f"usr/{path}" if top in MERGED and slash else path
