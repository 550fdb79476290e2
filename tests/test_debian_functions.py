"""System functions: what each makes of what packages bring, what they leave alone, and that they believe nothing."""

import random
from collections.abc import Iterable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.debian.functions import FUNCTIONS, system_files
from envlock.debian.handled import HANDLED
from envlock.debian.overlay import (
    Overlay,
    below,
    children,
    file,
    folder,
    found,
    is_file,
    is_folder,
    link,
    read,
    resolve,
)
from envlock.model.files import SystemFile
from tests.support.debian_archive import archive
from tests.support.debian_root import DebRoot, MadeRoot

PASSWD = b"root:*:0:0:root:/root:/bin/bash\nnobody:*:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n"
GROUP = b"root:*:0:\nshadow:*:42:\n"
MASTERS = [file("usr/share/base-passwd/passwd.master", PASSWD), file("usr/share/base-passwd/group.master", GROUP)]
NEW_ROOT = 'if [ "$1" = "configure" ] && [ "$2" = "" ]; then\n%s\nfi\n'


def made(root: MadeRoot | DebRoot) -> dict[str, SystemFile]:
    return {each.path: each for each in system_files(root)}


def text(files: Mapping[str, SystemFile], path: str) -> str:
    content = files[path].content
    assert content is not None
    return b"".join(content.chunks()).decode()


def scripted(package: str, postinst: str, files: Iterable[SystemFile] = ()) -> MadeRoot:
    root = MadeRoot(files, [package])
    root.controls[package] = {"postinst": postinst.encode()}
    return root


# where paths lead

LINKED = MadeRoot(
    [
        file("usr/bin/dash", b"dash"),
        link("usr/bin/sh", "dash"),
        link("usr/bin/absolute", "/bin/sh"),
        link("usr/bin/up", "../../../../bin/dash"),
        link("usr/bin/gone", "nothing"),
        link("usr/bin/round", "about"),
        link("usr/bin/about", "round"),
        link("opt/folder", "/usr/bin"),
        SystemFile(path="usr/bin/hard", mode=0o755, hardlink="usr/bin/dash"),
    ]
)


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("/bin/sh", "usr/bin/dash"),
        ("bin/dash", "usr/bin/dash"),
        ("usr/bin/absolute", "usr/bin/dash"),
        ("usr/bin/up", "usr/bin/dash"),
        ("/opt/folder/../bin/sh", "usr/bin/dash"),
        ("/opt/folder", "usr/bin"),
        ("usr/bin/hard", "usr/bin/hard"),
        ("usr/bin/gone", None),
        ("usr/bin/round", None),
        ("usr/bin/none", None),
        ("", ""),
    ],
)
def test_links_are_followed_within_the_root(path: str, place: str | None) -> None:
    assert resolve(LINKED, path) == place


def test_what_stands_at_a_path() -> None:
    assert is_file(LINKED, "/bin/sh")
    assert is_file(LINKED, "usr/bin/hard")
    assert not is_file(LINKED, "usr/bin")
    assert is_folder(LINKED, "opt/folder")
    assert not is_folder(LINKED, "bin/sh")
    assert found(LINKED, "usr/bin/gone") is None
    assert found(LINKED, "/") is None
    assert read(LINKED, "usr/bin/absolute") == b"dash"
    assert read(LINKED, "usr/bin") is None
    assert [each.path for each in children(LINKED, "usr")] == ["usr/bin"]
    assert [*below(LINKED, "opt")] == ["opt/folder"]


def test_later_files_take_the_place_of_earlier_ones() -> None:
    grown = Overlay(LINKED)
    grown.add([file("usr/bin/gone", b"one"), folder("srv")])
    grown.add([file("usr/bin/gone", b"two")])
    assert grown.read("usr/bin/gone") == b"two"
    assert grown.read("usr/bin/dash") == b"dash"
    assert sorted(grown.made) == ["srv", "usr/bin/gone"]
    assert "srv" not in LINKED.files
    with pytest.raises(KeyError):
        grown.read("srv")


# each function


def test_nothing_is_made_where_no_package_asks_for_it() -> None:
    files = [*MASTERS, file("usr/share/base-files/profile", b""), folder("usr/local"), file("etc/sudoers", b"")]
    assert system_files(MadeRoot(files, ["other"])) == ()


def test_users_and_groups_without_shadow_files() -> None:
    files = made(MadeRoot(MASTERS, ["base-passwd"]))
    assert sorted(files) == ["etc/group", "etc/passwd"]
    assert text(files, "etc/passwd") == PASSWD.decode()


def test_users_and_groups_with_shadow_files() -> None:
    files = made(MadeRoot(MASTERS, ["base-passwd", "passwd"]))
    assert text(files, "etc/passwd").startswith("root:x:0:0:root:/root:/bin/bash\n")
    assert text(files, "etc/group") == "root:x:0:\nshadow:x:42:\n"
    assert text(files, "etc/shadow") == "root:*::0:99999:7:::\nnobody:*::0:99999:7:::\n"
    assert text(files, "etc/gshadow") == "root:*::\nshadow:*::\n"
    assert [(files[f"etc/{name}"].mode, files[f"etc/{name}"].gid) for name in ("passwd", "shadow", "gshadow")] == [
        (0o644, 0),
        (0o640, 42),
        (0o640, 42),
    ]


def test_lines_of_a_master_that_are_no_users_stay_as_they_are() -> None:
    master = file("usr/share/base-passwd/passwd.master", b"# odd\nroot:!:0:0\n\n")
    assert text(made(MadeRoot([master], ["base-passwd", "passwd"])), "etc/passwd") == "# odd\nroot:!:0:0\n\n"


@pytest.mark.parametrize("package", ["base-passwd", "login"])
def test_files_of_subordinate_ids_are_made_by_whose_script_makes_them(package: str) -> None:
    root = MadeRoot(MASTERS, ["base-passwd", "login"])
    root.controls[package] = {"postinst": b'touch "$DPKG_ROOT/etc/subuid"\ntouch "$DPKG_ROOT/etc/subgid"\n'}
    assert {"etc/subuid", "etc/subgid"} <= made(root).keys()
    root.controls.clear()
    assert not {"etc/subuid", "etc/subgid"} & made(root).keys()


def test_base_files_of_debian() -> None:
    files = made(DebRoot([archive().deb("base-files")]))
    assert files["etc/dpkg/origins/default"].link == "debian"
    assert (files["var/run"].link, files["var/lock"].link) == ("/run", "/run/lock")
    assert files["run/lock"].mode == 0o1777
    assert files["run/lock"].is_folder
    assert (files["var/mail"].mode, files["var/mail"].gid) == (0o2775, 8)
    assert files["usr/local/man"].link == "share/man"
    assert files["var/spool/mail"].link == "../mail"
    assert (files["var/log/btmp"].mode, files["var/log/btmp"].gid, text(files, "var/log/btmp")) == (0o660, 43, "")
    assert text(files, "root/.bashrc").startswith("# ~/.bashrc")
    assert text(files, "etc/profile").startswith("# /etc/profile")
    assert files["usr/local/bin"].is_folder
    assert "usr/local/libexec" not in files


def test_folders_are_those_that_the_script_names() -> None:
    calls = (
        "install_local_dir /usr/local/libexec",
        "install_directory srv 750 staff",
        "ensure_file_owner_mode /a root:x 9",
    )
    files = made(scripted("base-files", NEW_ROOT % "\n".join(f"  {call}" for call in calls)))
    assert files["usr/local/libexec"].is_folder
    assert (files["srv"].mode, files["srv"].gid) == (0o750, 50)
    assert (files["a"].mode, files["a"].gid) == (0o644, 0)


def test_usr_local_belongs_to_staff_where_a_package_says_so() -> None:
    marker = file("etc/staff-group-for-usr-local", b"")
    files = made(
        scripted("base-files", NEW_ROOT % "  install_local_dir /usr/local/bin", [marker, folder("usr/local/bin")])
    )
    assert (files["usr/local/bin"].mode, files["usr/local/bin"].gid) == (0o2775, 50)


WORDS = st.sampled_from(
    ["install_local_dir", "install_directory", "migrate_directory", "ensure_file_owner_mode", "install_from_default"]
)
ODD_WORDS = st.sampled_from(
    ["/", "..", "/../x", "a//b", "/etc/passwd", ".", "x/./y", "/x/..", "root:", "7777", "é", "a/"]
)


@given(st.lists(st.tuples(WORDS, st.lists(ODD_WORDS, max_size=4))), st.text(max_size=60))
def test_no_script_leads_out_of_the_root(calls: list[tuple[str, list[str]]], odd: str) -> None:
    script = "\n".join(f"  {name} {' '.join(words)}" for name, words in calls)
    files = made(scripted("base-files", NEW_ROOT % f"{script}\n{odd}"))
    for path in files:
        assert not path.startswith("/")
        assert not {"", ".", ".."} & {*path.split("/")}


def test_time_zone_has_a_name_beside_it_until_bookworm() -> None:
    files = made(DebRoot([archive().deb("tzdata")]))
    assert files["etc/localtime"].link == "/usr/share/zoneinfo/Etc/UTC"
    assert text(files, "etc/timezone") == "Etc/UTC\n"


def test_time_zone_has_no_name_beside_it_since_trixie() -> None:
    files = made(scripted("tzdata", 'if test -f "$DPKG_ROOT/etc/timezone"; then\n  echo "$TIMEZONE"\nfi\n'))
    assert sorted(files) == ["etc/localtime"]


def test_shells_are_those_of_all_packages_and_where_they_lie() -> None:
    brought = [
        file("usr/share/debianutils/shells", b"# /etc/shells\n/bin/sh\n"),
        file("usr/share/debianutils/shells.d/bash", b"/bin/bash\n/bin/rbash\n/usr/bin/bash\n"),
        file("usr/share/debianutils/shells.d/dash", b"\n/usr/bin/dash\n"),
    ]
    files = made(MadeRoot([*brought, folder("usr/bin")], ["debianutils"]))
    shells = "/bin/sh\n/usr/bin/sh\n/bin/bash\n/usr/bin/bash\n/bin/rbash\n/usr/bin/rbash\n/usr/bin/dash\n"
    assert text(files, "etc/shells") == f"# /etc/shells\n{shells}"
    assert text(files, "var/lib/shells.state") == shells


def test_small_settings() -> None:
    packages = ["libpam-modules", "login", "netbase", "python3.13-minimal", "readline-common", "sudo"]
    brought = [file("usr/share/readline/inputrc", b"set x\n"), file("etc/sudoers", b"root ALL\n")]
    root = MadeRoot(brought, packages)
    root.controls["login"] = {"postinst": b"touch /var/log/faillog"}
    files = made(root)
    assert text(files, "etc/inputrc") == "set x\n"
    assert text(files, "etc/networks").startswith("default\t\t0.0.0.0\n")
    assert files["etc/sudoers"].mode == 0o440
    assert text(files, "etc/sudoers") == "root ALL\n"
    assert files["etc/security/opasswd"].mode == 0o600
    assert text(files, "etc/environment") == ""
    assert files["usr/local/lib/python3.13/dist-packages"].is_folder
    assert text(files, "var/log/faillog") == ""


# all together


def test_what_is_there_already_stays() -> None:
    own = ["etc/passwd", "etc/group", "etc/shells", "etc/localtime", "etc/timezone", "etc/nsswitch.conf", "etc/inputrc"]
    packages = ["base-passwd", "debianutils", "tzdata", "libc-bin", "readline-common", "netbase", "ca-certificates"]
    brought = [*MASTERS, file("usr/share/debianutils/shells", b""), file("usr/share/libc-bin/nsswitch.conf", b"x")]
    root = MadeRoot([*brought, *(file(path, b"own") for path in (*own, "etc/networks"))], packages)
    assert not {*own[:4], "etc/nsswitch.conf", "etc/inputrc", "etc/networks"} & made(root).keys()


def test_same_packages_have_the_same_files_in_any_order() -> None:
    names = (
        "base-files",
        "base-passwd",
        "libc6",
        "libc-bin",
        "tzdata",
        "ca-certificates",
        "debianutils",
        "bash",
        "mawk",
    )
    root = DebRoot([archive().deb(name) for name in names])
    first = system_files(root)
    paths = [*root.files]
    random.Random(7).shuffle(paths)
    root.files = {path: root.files[path] for path in paths}
    root.packages = dict(reversed(root.packages.items()))
    assert system_files(root) == first
    assert [each.path for each in first] == sorted({each.path for each in first})


def test_every_function_that_stands_for_scripts_is_there() -> None:
    assert HANDLED.keys() <= FUNCTIONS.keys()
    assert [*FUNCTIONS][-1] == "ld.so.cache"
