"""Alternatives are as `update-alternatives` makes them: by calls in all their forms, and of real packages' scripts."""

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from envlock.debian.alternatives import LINKS, RECORDS, alternatives
from envlock.debian.overlay import Overlay, file, folder, is_file, link
from envlock.debian.root import Root
from envlock.model.files import SystemFile
from tests.support.debian_archive import archive
from tests.support.debian_packages import SUITE
from tests.support.debian_root import DebRoot, MadeRoot, lay_out
from tests.support.processes import CommandError, run
from tests.support.services import require, require_root

Made = Mapping[str, str | bytes]

# what scripts and `update-alternatives` itself need to run in a root
TOOLS = (
    *("base-files", "bash", "coreutils", "dash", "debianutils", "dpkg", "grep", "libacl1", "libattr1", "libblkid1"),
    *("libbz2-1.0", "libc-bin", "libc6", "libgcc-s1", "libgmp10", "liblzma5", "libmd0", "libmount1", "libpcre2-8-0"),
    *("libselinux1", "libssl3", "libtinfo6", "libzstd1", "sed", "tar", "util-linux", "zlib1g"),
)
# and what is held against them
BRINGING = ("gawk", "less", "libblas3", "mawk", "nano", "netcat-openbsd", "vim-tiny")
KEPT = ("usr/bin/one", "usr/bin/two", "usr/bin/three", "usr/share/man/man1/one.1", "usr/share/man/man1/two.1")


def by_us(root: Root) -> Made:
    made = {each.path: each for each in alternatives(root)}
    return {path: each.link or b"".join(each.content.chunks()) for path, each in made.items() if not each.is_folder}  # type: ignore[union-attr]


def found_in(folder: Path) -> Made:
    """What is left below a folder: the links that lead to alternatives, and the records."""
    made: dict[str, str | bytes] = {}
    for each in sorted(folder.rglob("*")):
        path = str(each.relative_to(folder))
        if each.is_symlink() and (path.startswith(LINKS) or str(each.readlink()).startswith(f"/{LINKS}/")):
            made[path] = str(each.readlink())
        elif path.startswith(f"{RECORDS}/"):
            made[path] = each.read_bytes()
    return made


def tiny_root(*scripts: str, more: Sequence[SystemFile] = ()) -> MadeRoot:
    """Packages `a`, `b`, … with these scripts, over a few files."""
    names = [chr(ord("a") + number) for number in range(len(scripts))]
    root = MadeRoot((*(file(path, b"#!", 0o755) for path in KEPT), folder("var/lib/dpkg"), *more), names)
    root.controls = {n: {"postinst": f"#!/bin/sh\n{s}\n".encode()} for n, s in zip(names, scripts, strict=True)}
    return root


def by_tool(root: MadeRoot, calls: Sequence[str], place: Path) -> Made:
    """What the program leaves of the same root by these calls; those that it refuses change nothing."""
    lay_out(root.files.values(), place)
    for path in (LINKS, RECORDS):
        (place / path).mkdir(parents=True)
    options = ("--quiet", "--root", place, "--log", "/dev/null")
    for call in calls:
        with suppress(CommandError):
            run((require("update-alternatives", "dpkg"), *options, *call.split()))
    return found_in(place)


I = "--install"  # noqa: E741 - as the rows are long
CALLS: Mapping[str, Sequence[str]] = {
    "one": [f"{I} /usr/bin/x x /usr/bin/one 10"],
    "the higher priority": [f"{I} /usr/bin/x x /usr/bin/one 10", f"{I} /usr/bin/x x /usr/bin/two 20"],
    "the higher priority first": [f"{I} /usr/bin/x x /usr/bin/two 20", f"{I} /usr/bin/x x /usr/bin/one 10"],
    "the first of equals": [f"{I} /usr/bin/x x /usr/bin/two 10", f"{I} /usr/bin/x x /usr/bin/one 10"],
    "below zero": [f"{I} /usr/bin/x x /usr/bin/one -100", f"{I} /usr/bin/x x /usr/bin/two -10"],
    "said twice": [f"{I} /usr/bin/x x /usr/bin/one 10", f"{I} /usr/bin/x x /usr/bin/one 30"],
    "said twice, lower": [
        f"{I} /usr/bin/x x /usr/bin/one 30",
        f"{I} /usr/bin/x x /usr/bin/two 20",
        f"{I} /usr/bin/x x /usr/bin/one 10",
    ],
    "slaves": [
        f"{I} /usr/bin/x x /usr/bin/one 10 --slave /usr/share/man/man1/x.1 x.1 /usr/share/man/man1/one.1"
        " --slave /usr/bin/y y /usr/bin/two"
    ],
    "slaves of which others have more": [
        f"{I} /usr/bin/x x /usr/bin/one 10 --slave /usr/bin/z z /usr/bin/two --slave /usr/bin/y y /usr/bin/three",
        f"{I} /usr/bin/x x /usr/bin/two 20 --slave /usr/bin/y y /usr/bin/one",
    ],
    "a slave that is not there": [f"{I} /usr/bin/x x /usr/bin/one 10 --slave /usr/bin/y y /usr/bin/missing"],
    "a slave of another link": [
        f"{I} /usr/bin/x x /usr/bin/one 10 --slave /usr/bin/y y /usr/bin/three",
        f"{I} /usr/bin/x x /usr/bin/two 20 --slave /usr/bin/z y /usr/bin/three",
    ],
    "one that is not there": [f"{I} /usr/bin/x x /usr/bin/missing 10", f"{I} /usr/bin/x x /usr/bin/one 5"],
    "a link where a file stands": [f"{I} /usr/bin/three x /usr/bin/one 10"],
    "no number": [f"{I} /usr/bin/x x /usr/bin/one ten", f"{I} /usr/bin/y y /usr/bin/one 99999999999"],
    "a name that is a path": [f"{I} /usr/bin/x x/y /usr/bin/one 10"],
    "no whole path": [f"{I} /usr/bin/x x usr/bin/one 10", f"{I} usr/bin/y y /usr/bin/one 10"],
    "a link of another name": [f"{I} /usr/bin/x x /usr/bin/one 10", f"{I} /usr/bin/x y /usr/bin/two 10"],
    "a slave as another master": [
        f"{I} /usr/bin/x x /usr/bin/one 10",
        f"{I} /usr/bin/y y /usr/bin/two 10 --slave /usr/bin/z x /usr/bin/three",
    ],
    "the same link and path": [f"{I} /usr/bin/one one /usr/bin/one 10"],
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_do_what_the_program_does(name: str, tmp_path: Path) -> None:
    calls = CALLS[name]
    root = tiny_root(*(f"update-alternatives {call}" for call in calls))
    assert by_us(root) == by_tool(root, calls, tmp_path)


# the same call, as scripts write it
WRITTEN = [
    "update-alternatives --quiet --install /usr/bin/x x /usr/bin/one 10",
    "update-alternatives \\\n  --install /usr/bin/x \\\n x /usr/bin/one 10 \\\n  #--slave /usr/bin/y y /usr/bin/two",
    "/usr/sbin/update-alternatives --install '/usr/bin/x' \"x\" /usr/bin/one 10 || true",
    'case "$1" in configure|abort-upgrade) update-alternatives --install /usr/bin/x x /usr/bin/one 10 ;; esac',
    "for name in x; do update-alternatives --install /usr/bin/$name $name /usr/bin/one 10; done",
    'p=10\nd=/usr/bin\nadd() {\n  [ -e "$d/$1" ] || return 0\n  update-alternatives --install $d/x x $d/$1 $p\n}\n'
    "add missing\nadd one",
    "if [ ! -e /usr/bin/missing ] && [ -x /usr/bin/one ]; then update-alternatives --install /usr/bin/x x /usr/bin/one"
    " 10; fi\nif [ -e /usr/bin/missing ]; then update-alternatives --install /usr/bin/y y /usr/bin/two 10; fi",
    'if [ "$1" = configure -a -z "$2" ]; then update-alternatives --install /usr/bin/x x /usr/bin/one 10; else\n'
    "update-alternatives --install /usr/bin/y y /usr/bin/two 10; fi",
    "slaves() { echo --slave /usr/bin/y y /usr/bin/missing2; }\nupdate-alternatives --install /usr/bin/x x"
    " /usr/bin/one 10 $(false || echo)",
    "if dpkg --compare-versions \"$2\" lt-nl 2; then exit 0; fi\nupdate-alternatives --install /usr/bin/x x"
    " /usr/bin/one 10",
    "update-alternatives --remove x /usr/bin/two\nupdate-alternatives --install /usr/bin/x x /usr/bin/one 10",
]  # fmt: skip


@pytest.mark.parametrize("script", WRITTEN)
def test_calls_are_read_as_scripts_write_them(script: str, tmp_path: Path) -> None:
    assert by_us(tiny_root(script)) == by_tool(tiny_root(), [f"{I} /usr/bin/x x /usr/bin/one 10"], tmp_path)


@pytest.mark.parametrize(
    "script",
    [
        "# update-alternatives --install /usr/bin/x x /usr/bin/one 10",
        "echo update-alternatives --install /usr/bin/x x /usr/bin/one 10",
        "cat <<EOF\nupdate-alternatives --install /usr/bin/x x /usr/bin/one 10\nEOF",
        "exit 0\nupdate-alternatives --install /usr/bin/x x /usr/bin/one 10",
        "update-alternatives --install /usr/bin/$(hostname) x /usr/bin/one 10",
        "update-alternatives --install /usr/bin/x .. /usr/bin/one 10",
        "update-alternatives --install / x /usr/bin/one 10",
        "update-alternatives --install /usr/bin/.. x /usr/bin/one 10",
        "update-alternatives --install /usr/bin/x 'a\nb' /usr/bin/one 10",
        "update-alternatives --install /usr/bin/x x",
        "update-alternatives --install",
        "if true; then update-alternatives --install /usr/bin/x x /usr/bin/one 10",
        "update-alternatives --install /usr/bin/x x /usr/bin/one ١٠",
    ],
)
def test_what_is_no_call_makes_nothing(script: str) -> None:
    assert by_us(tiny_root(script)) == {}


def test_links_stay_within_the_root() -> None:
    made = by_us(tiny_root("update-alternatives --install /usr/../../usr/bin/x x /usr/bin/one 10"))
    assert made[f"{LINKS}/x"] == "/usr/bin/one"
    assert {path for path in made if not path.startswith(("etc/", "var/"))} == {"usr/bin/x"}


def test_a_folder_that_was_left_out_has_no_links() -> None:
    """Documentation may be left out; the program would fail there."""
    script = (
        "update-alternatives --install /usr/bin/x x /usr/bin/one 10"
        " --slave /usr/share/man/de/x.1 x.de.1 /usr/share/man/man1/one.1"
    )
    assert {path for path in by_us(tiny_root(script)) if "man" in path} == set()


def test_a_link_below_bin_stands_in_usr() -> None:
    script = "update-alternatives --install /bin/x x /bin/one 10"
    made = by_us(tiny_root(script, more=[link("bin", "usr/bin")]))
    assert made["usr/bin/x"] == f"/{LINKS}/x"
    assert made[f"{LINKS}/x"] == "/bin/one"


def real(name: str) -> Path:
    """The package that a security fix brings, else the release's."""
    for suite in (f"{SUITE}-security", SUITE, f"{SUITE}-updates"):
        named = [p for p in archive().pool(suite) if p.name.startswith(f"{name}_") and "_arm64." not in p.name]
        if named:
            return named[-1]
    raise LookupError(name)


def test_real_packages_have_what_their_scripts_make(tmp_path: Path) -> None:
    """Their scripts run in a root of their own, with the program that Debian brings."""
    require_root("changing into a root")
    root = DebRoot([real(name) for name in sorted({*TOOLS, *BRINGING})])
    grown = Overlay(root)
    lay_out(root.files.values(), tmp_path)
    for top in ("bin", "sbin", "lib", "lib64"):
        (tmp_path / top).symlink_to(f"usr/{top}")
    (tmp_path / "dev").mkdir(exist_ok=True)
    os.mknod(tmp_path / "dev/null", 0o666 | 0o020000, os.makedev(1, 3))
    ran = []
    for name in sorted(root.versions):
        script = root.control(name).get("postinst", b"")
        if b"update-alternatives" in script and b"--install" in script:
            (tmp_path / "script").write_bytes(script)
            (tmp_path / "script").chmod(0o755)
            environment = {
                "PATH": "/usr/sbin:/usr/bin",
                "DPKG_MAINTSCRIPT_PACKAGE": name,
                "DPKG_MAINTSCRIPT_NAME": "postinst",
                "DPKG_MAINTSCRIPT_ARCH": "amd64",
            }
            run((require("chroot", "coreutils"), tmp_path, "/script", "configure", ""), environment=environment)
            ran.append(name)
    made = by_us(root)
    assert made == found_in(tmp_path)
    assert {*BRINGING} <= {*ran}
    assert made["usr/bin/awk"] == f"/{LINKS}/awk"
    grown.add(alternatives(root))
    assert is_file(grown, "usr/bin/awk")
    assert made[f"{LINKS}/awk"] == "/usr/bin/gawk"
