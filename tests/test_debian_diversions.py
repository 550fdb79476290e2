"""What scripts divert, as `dpkg-divert` has it, and where files of others go."""

import subprocess
from pathlib import Path

import pytest

from envlock.debian.diversions import diversions, without
from envlock.debian.listing import Member
from tests.support.services import require

CALLS = [
    ("dpkg-divert --package tiny --add --rename --divert /usr/bin/a.real /usr/bin/a", {"usr/bin/a": "usr/bin/a.real"}),
    ("dpkg-divert --package=tiny --divert=/usr/bin/a.real --no-rename /usr/bin/a", {"usr/bin/a": "usr/bin/a.real"}),
    ("dpkg-divert --package tiny --rename /usr/bin/a", {"usr/bin/a": "usr/bin/a.distrib"}),
]
OTHERS = [
    "dpkg-divert --package other --divert /usr/bin/a.real /usr/bin/a",
    "dpkg-divert --package tiny --remove --divert /usr/bin/a.real /usr/bin/a",
    "dpkg-divert --list /usr/bin/a",
    "dpkg-divert --local --divert /usr/bin/a.real /usr/bin/a",
    "dpkg-divert --package tiny --divert /usr/bin/../../etc/a /usr/bin/a",
    "dpkg-divert --package tiny --divert a.real /usr/bin/a",
    "dpkg-divert --package tiny --divert /usr/bin/a.$(uname -r) /usr/bin/a",
    "dpkg-divert --package tiny --no-rename --divert /lib/a.usr-is-merged /lib/a",
    "if [ -e /unknown ]; then dpkg-divert --package tiny --divert /usr/bin/a.real /usr/bin/a; fi",
    'if [ "$1" = upgrade ]; then dpkg-divert --package tiny --divert /usr/bin/a.real /usr/bin/a; fi',
    "dpkg-divert (",
]


def read(script: str) -> dict[str, str]:
    return diversions("tiny", {"preinst": f"#!/bin/sh\n{script}\n".encode()}, "amd64")


@pytest.mark.parametrize(("script", "expected"), CALLS)
def test_diversions_are_read_as_dpkg_reads_them(script: str, expected: dict[str, str], tmp_path: Path) -> None:
    assert read(script) == expected
    (tmp_path / "usr/bin").mkdir(parents=True)
    program = f"{require('dpkg-divert', 'dpkg')} --root {tmp_path} --admindir {tmp_path}"
    subprocess.run(("sh", "-ec", script.replace("dpkg-divert", program)), check=True, capture_output=True)
    path, target, package = (tmp_path / "diversions").read_text().split()
    assert ({path[1:]: target[1:]}, package) == (expected, "tiny")


@pytest.mark.parametrize("script", OTHERS)
def test_what_is_no_diversion_of_a_new_root(script: str) -> None:
    assert read(script) == {}


def test_hard_links_follow() -> None:
    first = Member(path="usr/bin/a", kind="file", mode=0o755)
    other = Member(path="usr/bin/b", kind="hardlink", mode=0o755, target="usr/bin/a")
    kept = Member(path="usr/bin/c", kind="link", mode=0o777, target="usr/bin/a")
    moved = without((first, other, kept), {"usr/bin/a": "usr/bin/z"})
    assert [(member.path, member.target) for member in moved] == [
        ("usr/bin/z", ""),
        ("usr/bin/b", "usr/bin/z"),
        ("usr/bin/c", "usr/bin/a"),
    ]
    assert without((kept,), {"usr/bin/a": "usr/bin/z"}) == (kept,)
