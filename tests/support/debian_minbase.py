"""Roots made by mmdebstrap, which runs every script, from the packages of the test archive: the judges of ours."""

import stat
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.cache import AMBIENT, made_once, recipe_key
from tests.support.debian_archive import Archive, archive
from tests.support.debian_packages import SUITES
from tests.support.processes import CommandError, run
from tests.support.services import require, require_root, unavailable

# of all kinds, with what they depend on
PACKAGES = (
    *("adduser", "apt", "ca-certificates", "curl", "dbus", "gawk", "git", "less", "libblas3", "libglib2.0-0"),
    *("media-types", "nano", "netbase", "netcat-openbsd", "openssh-client", "openssl", "passwd", "procps", "python3"),
    *("sudo", "tini", "tzdata", "usr-is-merged", "vim-tiny", "wget"),
)
MERGED_USR = "--hook-dir=/usr/share/mmdebstrap/hooks/merged-usr"
# the test cache may be where apt's own user may not look
READ_AS_ROOT = '--aptopt=APT::Sandbox::User "root"'
# essential packages count from whichever suite they are
ANY_SUITE = ""
ROOT = "root.tar"
STATUS = "./var/lib/dpkg/status"


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A member of a root: "folder", "link" or "file"; the bytes of a file are read where they are asked for."""

    kind: str
    mode: int
    owner: tuple[int, int]
    target: str = ""


class MinimalRoot:
    """`--variant=minbase` with further packages, as mmdebstrap leaves it."""

    def __init__(self, packages: tuple[str, ...]) -> None:
        key = f"debian-minbase-{recipe_key(archive().root.name, *packages, Path(__file__))}"
        self.folder = made_once(key, lambda place: _make(place, packages))
        self._tar = tarfile.open(self.folder / ROOT)  # noqa: SIM115 - open as long as the root is used
        self._members = {each.name.removeprefix("./"): each for each in self._tar if each.name != "."}
        self.files: Mapping[str, Standing] = {path: _standing(each) for path, each in self._members.items()}

    @property
    def packages(self) -> tuple[str, ...]:
        """The names of all that is installed."""
        status = self._tar.extractfile(STATUS)
        assert status is not None
        lines = status.read().decode().splitlines()
        return tuple(sorted(line.removeprefix("Package: ") for line in lines if line.startswith("Package: ")))

    def read(self, path: str) -> bytes:
        opened = self._tar.extractfile(self._members[path])
        assert opened is not None
        return opened.read()


def _standing(member: tarfile.TarInfo) -> Standing:
    kind = "folder" if member.isdir() else "link" if member.issym() else "file"
    return Standing(
        kind=kind,
        mode=stat.S_IMODE(member.mode),
        owner=(member.uid, member.gid),
        target=member.linkname if member.issym() else "",
    )


def _make(folder: Path, packages: tuple[str, ...]) -> None:
    program = require("mmdebstrap", "mmdebstrap")
    require_root("making a root with mmdebstrap")
    options = ("--mode=root", "--variant=minbase", "--format=tar", "--quiet", MERGED_USR, READ_AS_ROOT)
    included = f"--include={','.join(packages)}"
    try:
        run(
            (program, *options, included, ANY_SUITE, folder / ROOT, *sources(archive())),
            environment={**AMBIENT, "SOURCE_DATE_EPOCH": "0"},
            timeout=1800,
        )
    except CommandError as error:
        unavailable(f"mmdebstrap cannot make a root: {error}")


def sources(made: Archive) -> list[str]:
    """`copy:` has apt put the packages into the root, where dpkg finds them."""
    return [f"deb [signed-by={made.keys}] copy:{made.folder(suite)} {suite} main" for suite in SUITES]
