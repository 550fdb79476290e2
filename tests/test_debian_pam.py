"""PAM's common files: put together from profiles as `pam-auth-update` does it."""

import os
import shutil
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from envlock.debian.overlay import file
from envlock.debian.pam import PROFILES, SAVED, SETTINGS, TEMPLATES, pam_profiles
from tests.support.debian_archive import archive
from tests.support.debian_minbase import PACKAGES, ROOT, MinimalRoot
from tests.support.debian_root import DebRoot, MadeRoot
from tests.support.services import require_root

UNIX = """\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
	[success=end default=ignore]	pam_unix.so nullok try_first_pass
Auth-Initial:
	[success=end default=ignore]	pam_unix.so nullok
Session-Type: Additional
Session:
	required	pam_unix.so
"""
TICKETS = """\
Name: Tickets
Default: yes
Priority: 704
Conflicts: tickets-old, none
Auth-Type: Primary
Auth-Final:
	[success=end   default=ignore]	pam_tickets.so   minimum_uid=1000
Auth-Initial:
	optional	pam_log.so
	[success=end default=ignore]	pam_tickets.so
Account-Type: Additional
Account:
	required	pam_tickets.so  a   b
	optional	pam_end.so
Session-Type: Additional
Session-Interactive-Only: yes
Session:
	optional	pam_tickets.so
"""
ODD = {
    "unix": UNIX,
    "tickets": TICKETS,
    "tickets-old": TICKETS.replace("704", "700"),
    "a-twin": TICKETS.replace("704", "256").replace("Conflicts: tickets-old, none\n", ""),
    "off": TICKETS.replace("Default: yes", "Default: no"),
    "tally": UNIX.replace("pam_unix.so", "pam_tally.so"),
    "left~": UNIX,
    "nothing": "Name: Nothing\nDefault: yes\n",
}


def runtime() -> DebRoot:
    return DebRoot([archive().deb("libpam-runtime")])


def rooted(profiles: Mapping[str, str]) -> MadeRoot:
    templates = {path: each for path, each in runtime().files.items() if path.startswith(f"{TEMPLATES}/")}
    brought = [file(f"{PROFILES}/{name}", text.encode()) for name, text in profiles.items()]
    return MadeRoot([*templates.values(), *brought], ["libpam-runtime"])


def made(profiles: Mapping[str, str]) -> dict[str, str]:
    files = {each.path: each.content for each in pam_profiles(rooted(profiles))}
    return {path: b"".join(content.chunks()).decode() for path, content in files.items() if content}


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_jumps_are_over_what_follows() -> None:
    assert lines(made({"unix": UNIX, "tickets": TICKETS})[f"{SETTINGS}/common-auth"]) == [
        "auth\toptional\tpam_log.so ",
        "auth\t[success=2 default=ignore]\tpam_tickets.so ",
        "auth\t[success=1 default=ignore]\tpam_unix.so nullok try_first_pass",
        "auth\trequisite\t\t\tpam_deny.so",
        "auth\trequired\t\t\tpam_permit.so",
    ]


def test_place_without_a_profile_permits() -> None:
    files = made({"unix": UNIX})
    assert lines(files[f"{SETTINGS}/common-session"]) == [
        "session\t[default=1]\t\t\tpam_permit.so",
        "session\trequisite\t\t\tpam_deny.so",
        "session\trequired\t\t\tpam_permit.so",
        "session\trequired\tpam_unix.so ",
    ]
    assert files[f"{SAVED}/session"] == (
        "Module: null\n[default=1]\t\t\tpam_permit.so\nModule: unix\nrequired\tpam_unix.so\n"
    )


def test_sessions_of_programs_leave_out_what_is_for_people() -> None:
    files = made({"unix": UNIX, "tickets": TICKETS})
    assert "pam_tickets.so" in files[f"{SETTINGS}/common-session"]
    assert "pam_tickets.so" not in files[f"{SETTINGS}/common-session-noninteractive"]
    assert "pam_unix.so" in files[f"{SETTINGS}/common-session-noninteractive"]


def test_of_two_that_conflict_the_higher_one_is_on() -> None:
    files = made({name: ODD[name] for name in ("unix", "tickets", "tickets-old", "off")})
    assert files[f"{SAVED}/auth"].count("Module: ") == 2
    assert files[f"{SAVED}/seen"] == "tickets\noff\ntickets-old\nunix\n"


def test_files_that_a_package_brings_stay() -> None:
    root = rooted({"unix": UNIX})
    root.files[f"{SETTINGS}/common-auth"] = file(f"{SETTINGS}/common-auth", b"own")
    assert f"{SETTINGS}/common-auth" not in {each.path for each in pam_profiles(root)}


def test_nothing_is_made_without_the_package() -> None:
    root = rooted({"unix": UNIX})
    root.versions = {"libpam-modules": "1"}
    assert [*pam_profiles(root)] == []


@pytest.fixture(scope="module")
def whole_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root whose programs can be run."""
    require_root("changing into a root")
    folder = tmp_path_factory.mktemp("root")
    with tarfile.open(MinimalRoot(PACKAGES).folder / ROOT) as packed:
        packed.extractall(folder, filter="fully_trusted", members=[each for each in packed if not each.isdev()])
    return folder


@pytest.mark.full
@pytest.mark.parametrize("names", [sorted(ODD), ["unix"], ["nothing", "unix"], ["a-twin", "unix"], ["tickets", "unix"]])
def test_odd_profiles_are_put_together_as_by_debian(names: list[str], whole_root: Path) -> None:
    for place in (PROFILES, SAVED):
        shutil.rmtree(whole_root / place)
        (whole_root / place).mkdir()
    for old in (whole_root / SETTINGS).glob("common-*"):
        old.unlink()
    for name in names:
        (whole_root / PROFILES / name).write_text(ODD[name])
    script = "echo PURGE | debconf-communicate libpam-runtime; pam-auth-update --package --force"
    variables = {"DEBIAN_FRONTEND": "noninteractive", "PATH": f"{os.defpath}:/usr/sbin:/sbin", "LC_ALL": "C"}
    subprocess.run(["chroot", whole_root, "sh", "-c", script], env=variables, check=True, capture_output=True)
    ours = made({name: ODD[name] for name in names})
    assert {path: (whole_root / path).read_text() for path in ours} == ours
