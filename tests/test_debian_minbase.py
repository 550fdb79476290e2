"""Our root beside mmdebstrap's of the same packages, which ran every script: each difference has its reason here.

A row is what differs (`missing`: Debian alone has it, `more`: we alone, `kind`, `owner`, `mode`, `target`, `content`),
a pattern of paths, and why. A difference without a row fails, and so does a row without a difference.
"""

import hashlib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from envlock.debian.functions import system_files
from envlock.debian.overlay import Overlay
from envlock.debian.stage import DebianStage, StageOptions
from envlock.model.debian_relations import RELATIONS, united
from envlock.model.lock import DebianPackage
from envlock.system.cache import Cache
from tests.support.debian_archive import archive, fields
from tests.support.debian_minbase import PACKAGES, MinimalRoot, Standing
from tests.support.debian_packages import SUITES
from tests.support.debian_root import DebRoot

Difference = tuple[str, str]

BYTECODE = "Python compiles where it finds none, and envlock where `bytecode = true` says so"
DEVICES = "container engines mount /dev"
ENGINES = "container engines bring their own"
BACKUP = "the file as it was before the last change"
DPKG = "dpkg's own books: status.d tells what is installed, as in images without dpkg"
DEBCONF = "answers to questions, which nobody asked"
SERVICES = "which services start when a machine does: a container has no init"
APT = "of apt, which mmdebstrap fetched packages with"
USERS = "users and groups that scripts create: the build lists their packages"
LOCKS = "an empty file for locks"

EXPLAINED: dict[Difference, str] = {
    ("content", "etc/group"): USERS,
    ("content", "etc/gshadow"): USERS,
    ("content", "etc/passwd"): USERS,
    ("content", "etc/shadow"): USERS,
    ("missing", "dev/*"): DEVICES,
    ("missing", "etc/.pwd.lock"): LOCKS,
    ("missing", "etc/apt/apt.conf.d/99mmdebstrap"): APT,
    ("missing", "etc/apt/sources.list"): APT,
    ("missing", "etc/fstab"): "mmdebstrap makes it; nothing is mounted from it",
    ("missing", "etc/group-"): BACKUP,
    ("missing", "etc/gshadow-"): BACKUP,
    ("missing", "etc/hostname"): ENGINES,
    ("missing", "etc/hosts"): ENGINES,
    ("missing", "etc/passwd-"): BACKUP,
    ("missing", "etc/python3"): BYTECODE,
    ("missing", "etc/python3/debian_config"): BYTECODE,
    ("missing", "etc/rc[0-6S].d/*"): SERVICES,
    ("missing", "etc/resolv.conf"): ENGINES,
    ("missing", "etc/shadow-"): BACKUP,
    ("missing", "etc/systemd/system/*.wants"): SERVICES,
    ("missing", "etc/systemd/system/*.wants/*"): SERVICES,
    ("missing", "usr/*/__pycache__"): BYTECODE,
    ("missing", "usr/*/__pycache__/*.pyc"): BYTECODE,
    ("missing", "var/cache/apt/archives/lock"): LOCKS,
    ("missing", "var/cache/debconf/*"): DEBCONF,
    ("missing", "var/lib/apt/extended_states"): APT,
    ("missing", "var/lib/apt/lists/lock"): LOCKS,
    ("missing", "var/lib/dpkg/*"): DPKG,
    ("missing", "var/lib/python"): BYTECODE,
    ("missing", "var/lib/python/python3.11_installed"): BYTECODE,
    ("missing", "var/lib/systemd/deb-systemd-helper-enabled*"): SERVICES,
    ("mode", "usr/bin/ssh-agent"): USERS,
    ("mode", "usr/lib/dbus-1.0/dbus-daemon-launch-helper"): USERS,
    ("mode", "var/cache/apt/archives/partial"): APT,
    ("mode", "var/lib/apt/lists/partial"): APT,
    ("owner", "usr/bin/ssh-agent"): USERS,
    ("owner", "usr/lib/dbus-1.0/dbus-daemon-launch-helper"): USERS,
}


@cache
def judge() -> MinimalRoot:
    return MinimalRoot(PACKAGES)


def staged(names: tuple[str, ...], folder: Path) -> DebianStage:
    """The same packages, as `lock` and `build` would have them."""
    found = {}
    for suite in SUITES:  # later ones have newer versions
        for deb in archive().pool(suite):
            if deb.name.endswith(("_amd64.deb", "_all.deb")):
                found[deb.name.partition("_")[0]] = deb
    packages, files = [], {}
    for name in names:
        package = locked(found[name])
        packages.append(package)
        files[package.sha256] = found[name]
    folder.joinpath("scratch").mkdir()
    options = StageOptions(architecture="amd64", folder=folder / "scratch")
    return DebianStage(tuple(packages), files, Cache(folder / "cache"), options)


def locked(deb: Path) -> DebianPackage:
    stated = fields(deb)
    return DebianPackage(
        name=stated["Package"],
        version=stated["Version"],
        architecture=stated["Architecture"],
        file=f"pool/{deb.name}",
        sha256=hashlib.sha256(deb.read_bytes()).hexdigest(),
        size=deb.stat().st_size,
        requires=united((stated.get(name, "") for name in RELATIONS["requires"]), "amd64"),
        provides=united((stated.get(name, "") for name in RELATIONS["provides"]), "amd64"),
        conflicts=united((stated.get(name, "") for name in RELATIONS["conflicts"]), "amd64"),
    )


@pytest.fixture(scope="module")
def differences(tmp_path_factory: pytest.TempPathFactory) -> list[Difference]:
    stage = staged(judge().packages, tmp_path_factory.mktemp("stage"))
    ours = Overlay(stage)
    ours.add(system_files(stage))
    return sorted(all_differences(ours))


def all_differences(ours: Overlay) -> Iterator[Difference]:
    theirs = judge().files
    yield from (("missing", path) for path in theirs.keys() - ours.files.keys())
    yield from (("more", path) for path in ours.files.keys() - theirs.keys())
    for path in ours.files.keys() & theirs.keys():
        mine, other = standing(ours, path), theirs[path]
        if mine.kind != other.kind:
            yield "kind", path
            continue
        yield from ((what, path) for what in ("mode", "owner", "target") if getattr(mine, what) != getattr(other, what))
        if mine.kind == "file" and ours.read(path) != judge().read(path):
            yield "content", path


def standing(ours: Overlay, path: str) -> Standing:
    file = ours.files[path]
    if file.hardlink:
        file = ours.files[file.hardlink]
    kind = "folder" if file.is_folder else "link" if file.link is not None else "file"
    return Standing(kind=kind, mode=file.mode, owner=(file.uid, file.gid), target=file.link or "")


def explains(row: Difference, difference: Difference) -> bool:
    return row[0] == difference[0] and fnmatchcase(difference[1], row[1])


def test_every_difference_from_mmdebstrap_is_explained(differences: list[Difference]) -> None:
    unexplained = [each for each in differences if not any(explains(row, each) for row in EXPLAINED)]
    assert unexplained == []


def test_users_and_groups_are_those_of_mmdebstrap_but_for_created_ones() -> None:
    root = DebRoot([archive().deb("base-passwd"), archive().deb("passwd")])
    made = {each.path: each for each in system_files(root)}
    for name, last in (("passwd", b"nobody"), ("group", b"nogroup"), ("shadow", b"nobody"), ("gshadow", b"nogroup")):
        lines = judge().read(f"etc/{name}").splitlines(keepends=True)
        ends = next(at for at, line in enumerate(lines) if line.startswith(last + b":")) + 1
        content = made[f"etc/{name}"].content
        assert content is not None
        assert b"".join(content.chunks()) == b"".join(lines[:ends])


def test_every_explanation_is_of_a_difference(differences: list[Difference]) -> None:
    assert [row for row in EXPLAINED if not any(explains(row, each) for each in differences)] == []
