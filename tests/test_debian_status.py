"""What stands below status.d is what a package says of itself: other projects' readers, and dpkg's, find the same."""

import subprocess
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import pytest
from debian.deb822 import Packages
from debian_inspector.debcon import get_paragraph_data_from_file  # type: ignore[import-untyped]

from envlock.debian.deb import read_control
from envlock.debian.status import FOLDER, status_files
from envlock.errors import OutsideError
from envlock.model.files import SystemFile
from tests.support.debian_archive import archive
from tests.support.debian_debs import tiny_deb
from tests.support.debian_root import DebRoot
from tests.support.processes import run
from tests.support.services import require

FIELDS = ("Package", "Version", "Architecture", "Maintainer")


@cache
def debs() -> Mapping[str, Path]:
    """The packages of the archive for one architecture by name, one version of each."""
    return {path.name.partition("_")[0]: path for path in archive().pool() if not path.name.endswith("_arm64.deb")}


def text(file: SystemFile) -> bytes:
    assert file.content
    return b"".join(file.content.chunks())


@cache
def written() -> Mapping[str, bytes]:
    return {file.path: text(file) for deb in debs().values() for file in status_files(read_control(deb))}


@cache
def asked() -> Mapping[str, tuple[str, ...]]:
    """What `dpkg-deb` says of each package: the fields, and the source's name."""
    shown = "--showformat=" + "".join(f"${{{name}}}\\n" for name in (*FIELDS, "source:Package", "source:Version"))
    program = require("dpkg-deb", "dpkg")
    return {name: tuple(run((program, "--show", shown, deb)).splitlines()) for name, deb in debs().items()}


def source(fields: Mapping[str, str]) -> tuple[str, str]:
    """Name and version of the source, as scanners work them out."""
    name, _, version = fields.get("Source", fields["Package"]).partition(" ")
    return name, version.strip("()") or fields["Version"]


def test_every_package_stands_there() -> None:
    assert len(debs()) > 60
    assert {path for path in written() if not path.endswith(".md5sums")} == {f"{FOLDER}/{n}" for n in debs()}


def test_another_project_reads_every_package(tmp_path: Path) -> None:
    for name, expected in asked().items():
        (tmp_path / name).write_bytes(written()[f"{FOLDER}/{name}"])
        fields = {key.title(): value for key, value in get_paragraph_data_from_file(str(tmp_path / name)).items()}
        assert (*(fields[field] for field in FIELDS), *source(fields)) == expected


def test_python_debian_reads_every_package() -> None:
    for name, expected in asked().items():
        (fields,) = Packages.iter_paragraphs(written()[f"{FOLDER}/{name}"], use_apt_pkg=False)
        assert (*(fields[field] for field in FIELDS), *source(fields)) == expected


def test_dpkg_reads_them_as_its_own_status(tmp_path: Path) -> None:
    """It asks for the field `Status`, which scanners do not."""
    paragraphs = [data for path, data in sorted(written().items()) if not path.endswith(".md5sums")]
    installed = [data.replace(b"\n", b"\nStatus: install ok installed\n", 1) for data in paragraphs]
    for folder in ("info", "updates"):
        (tmp_path / folder).mkdir()
    (tmp_path / "status").write_bytes(b"\n".join(installed))
    shown = (
        "--showformat=${db:Status-Abbrev}|${Package}|${Version}|${Architecture}|${source:Package}|${source:Version}\\n"
    )
    listed = run((require("dpkg-query", "dpkg"), f"--admindir={tmp_path}", "--show", shown))
    expected = {f"ii |{a[0]}|{a[1]}|{a[2]}|{a[4]}|{a[5]}" for a in asked().values()}
    assert set(listed.splitlines()) == expected


def test_the_sums_are_those_of_the_files() -> None:
    sums = written()[f"{FOLDER}/mawk.md5sums"].decode().splitlines()
    paths = [line.partition("  ")[2] for line in sums]
    assert "usr/bin/mawk" in paths
    assert set(paths) <= DebRoot([debs()["mawk"]]).files.keys()


def test_what_a_package_leaves_out_is_left_out(tmp_path: Path) -> None:
    deb = tiny_deb(tmp_path, {"name": "bare"})
    control = dict(read_control(deb))
    control.pop("md5sums", None)
    (only,) = status_files(control)
    assert (only.path, only.mode, only.uid, only.gid) == (f"{FOLDER}/bare", 0o644, 0, 0)
    said = subprocess.run((require("dpkg-deb", "dpkg"), "--field", deb), check=True, stdout=subprocess.PIPE).stdout
    assert text(only) == said


@pytest.mark.parametrize(
    "control",
    [
        b"",
        b"\n",
        b"Version: 1.0\n",
        b"Package: ../../etc/passwd\nVersion: 1.0\n",
        b"Package: a\nVersion: 1.0\n",
        b"Package: one\nVersion: 1.0\n\nPackage: two\nVersion: 1.0\n",
        b"Package: one\nVersion: 1.0\n \nDescription: gone on behind a blank line\n",
        b"Package: one\nPackage: two\nVersion: 1.0\n",
        b"Package: one\nVersion: 1.0\n\n\nStatus: deinstall\n",
        b"Package: one\nDescription: a\rPackage: two\nVersion: 1.0\n",
        b"Package: one\nDescription: a\fVersion: 9\nVersion: 1.0\n",
        "Package: one\nDescription: a\u2028Package: two\n".encode(),
        b"Package: one\nDescription: a\v\vtwo\nVersion: 1.0\n",
    ],
)
def test_what_describes_no_package_or_several_is_refused(control: bytes) -> None:
    with pytest.raises(OutsideError, match="its control file does not describe one package"):
        status_files({"control": control})


@pytest.mark.parametrize("line", [b"Status: deinstall ok not-installed", b"status:\n deinstall"])
def test_a_package_that_says_it_is_not_there_is_refused(line: bytes) -> None:
    with pytest.raises(OutsideError, match="has a field `Status`, which only packages have that are installed"):
        status_files({"control": b"Package: one\n" + line + b"\nVersion: 1.0\n"})


def test_what_some_readers_end_lines_at_may_stand_in_a_description() -> None:
    text_of = "Package: one\nDescription: short\n it is\x85 so: long\u2028and longer\n".encode()
    (only,) = status_files({"control": text_of})
    assert text(only) == text_of


def test_blank_lines_around_the_paragraph_are_not_part_of_it() -> None:
    (only,) = status_files({"control": b"\n\nPackage: one\nVersion: 1.0\nDescription: short\n long\n .\n end\n\n\n"})
    assert text(only) == b"Package: one\nVersion: 1.0\nDescription: short\n long\n .\n end\n"
