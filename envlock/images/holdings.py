"""What an image holds of packages, whoever put them there: by what package managers leave, and nothing executed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from envlock.errors import OutsideError
from envlock.images.rootfs import Rootfs

_STATUS, _STATUS_FOLDER = "/var/lib/dpkg/status", "/var/lib/dpkg/status.d"
_LARGEST = 64 << 20  # of dpkg's status; those of large images have 5 MB
_FIELD = re.compile(r"^(Package|Version|Status): *(.+)$", re.MULTILINE)
_DISTRIBUTION = re.compile(r"(?P<name>[^/-][^/]*?)(?:-(?P<version>[^/-]+))?(?:-py[0-9.]+)?\.(?:dist|egg)-info")
_CONDA = re.compile(r"(?P<name>[^/]+)-(?P<version>[^/-]+)-(?P<build>[^/-]+)\.json")
_MODULES = ("site-packages", "dist-packages")


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Held:
    """A package in an image: `kind` is "debian", "conda" or "python", `place` the folder that it is recorded in."""

    kind: str
    name: str
    version: str
    place: str


def holdings(rootfs: Rootfs) -> tuple[Held, ...]:
    """Debian's packages that are installed, conda's, and Python distributions, each sorted by name."""
    paths = [path for path, _ in rootfs.walk()]
    return tuple(sorted({*_debian(rootfs, paths), *_conda(paths), *_python(paths)}))


def _debian(rootfs: Rootfs, paths: list[str]) -> Iterator[Held]:
    files = [path for path in paths if path == _STATUS]
    files += [path for path in paths if path.startswith(f"{_STATUS_FOLDER}/") and not path.endswith(".md5sums")]
    for file in files:
        for stanza in _text(rootfs, file).split("\n\n"):
            fields = dict(_FIELD.findall(stanza))
            # in status.d everything is installed
            installed = fields.get("Status", "install ok installed").endswith(" installed")
            if installed and "Package" in fields:
                place = file.rpartition("/")[0]
                yield Held(kind="debian", name=fields["Package"], version=fields.get("Version", ""), place=place)


def _conda(paths: list[str]) -> Iterator[Held]:
    for path in paths:
        folder, _, file = path.rpartition("/")
        found = _CONDA.fullmatch(file) if folder.endswith("/conda-meta") else None
        if found:
            yield Held(kind="conda", name=found["name"], version=found["version"], place=folder)


def _python(paths: list[str]) -> Iterator[Held]:
    for path in paths:
        folder, _, file = path.rpartition("/")
        found = _DISTRIBUTION.fullmatch(file) if folder.rpartition("/")[2] in _MODULES else None
        if found:
            name = re.sub(r"[-_.]+", "-", found["name"]).lower()
            yield Held(kind="python", name=name, version=found["version"] or "", place=folder)


def _text(rootfs: Rootfs, path: str) -> str:
    read = bytearray()
    for piece in rootfs.chunks(path):
        read += piece
        if len(read) > _LARGEST:
            raise OutsideError(f"`{path}` of the image has more than {_LARGEST >> 20} MiB: it is no list of packages")
    return read.decode(errors="replace")
