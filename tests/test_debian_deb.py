"""Packages of Debian as they are read: like dpkg-deb does it, and nothing that could do harm."""

import gzip
import lzma
import stat
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from envlock.debian.deb import read_control, read_control_bytes, require_promised, unpack_data
from envlock.debian.listing import Member
from envlock.errors import OutsideError
from envlock.model.lock import DebianPackage
from tests.support.debian_archive import archive
from tests.support.debian_packages import SUITES
from tests.support.hand_made_debs import STANZA, Entry, ar, deb, folder, hardlink, link, members, tar
from tests.support.processes import run, run_python
from tests.support.services import require

KINDS = {"file": stat.S_IFREG, "hardlink": stat.S_IFREG, "folder": stat.S_IFDIR, "link": stat.S_IFLNK}
ARROWS = {"link": " -> ", "hardlink": " link to ./"}
PAYLOAD = tar(folder("./"), folder("./usr/"), Entry("./usr/file", b"content"))


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "tiny_1.0_amd64.deb"
    path.write_bytes(data)
    return path


def unpacked(tmp_path: Path, data: bytes) -> tuple[Member, ...]:
    return unpack_data(written(tmp_path, data), tmp_path / "data")


def real_packages() -> list[Path]:
    return sorted({path for suite in SUITES for path in archive().pool(suite)})


def as_dpkg_shows(member: Member) -> tuple[str, ...]:
    """A line of `dpkg-deb --contents` without its time."""
    mode = stat.filemode(KINDS[member.kind] | member.mode)
    ending = "/" if member.kind == "folder" else f"{ARROWS[member.kind]}{member.target}" if member.target else ""
    return (
        f"h{mode[1:]}" if member.kind == "hardlink" else mode,
        f"{member.user}/{member.group}",
        str(member.size),
        f"./{member.path}{ending}",
    )


def as_dpkg_says(path: Path) -> Iterator[tuple[str, ...]]:
    for line in run((require("dpkg-deb", "dpkg"), "--contents", path)).splitlines():
        mode, owner, size, _, _, name = line.split(None, 5)
        if name != "./":
            yield mode, owner, size, name.replace("\\\\", "\\")


@pytest.mark.parametrize("step", [pytest.param(12, id="some"), pytest.param(1, id="all", marks=pytest.mark.full)])
def test_members_are_those_that_dpkg_lists(tmp_path: Path, step: int) -> None:
    for path in islice(real_packages(), 0, None, step):
        data = tmp_path / path.name
        assert sorted(map(as_dpkg_shows, unpack_data(path, data))) == sorted(as_dpkg_says(path)), path.name
        data.unlink()


def test_control_files_are_those_that_dpkg_unpacks(tmp_path: Path) -> None:
    for path in islice(real_packages(), 0, None, 12):
        run((require("dpkg-deb", "dpkg"), "--control", path, tmp_path / path.name))
        expected = {file.name: file.read_bytes() for file in (tmp_path / path.name).iterdir()}
        assert read_control(path) == expected, path.name


def test_control_files_can_be_had_from_the_first_bytes() -> None:
    path = archive().deb("git")
    data, control = path.read_bytes(), read_control(path)
    found = [read_control_bytes(data[:size]) for size in (0, 8, 100, 1000, 64 << 10, len(data))]
    assert found == [None, None, None, None, control, control]


PACKED: Mapping[str, Callable[[bytes], bytes]] = {
    "": bytes,
    ".gz": gzip.compress,
    ".xz": lzma.compress,
    ".zst": zstandard.ZstdCompressor().compress,
}


@pytest.mark.parametrize("ending", PACKED)
def test_archives_may_be_packed_in_four_ways(tmp_path: Path, ending: str) -> None:
    control = tar(folder("./"), Entry("./control", STANZA), Entry("./postinst", b"#!/bin/sh\n"))
    parts = {
        "debian-binary": b"2.0\n",
        "_signature": b"of somebody",
        f"control.tar{ending}": PACKED[ending](control),
        f"data.tar{ending}": PACKED[ending](PAYLOAD),
    }
    path = written(tmp_path, ar(parts.items()))
    assert [m.path for m in unpack_data(path, tmp_path / "data")] == ["usr", "usr/file"]
    assert read_control(path) == {"control": STANZA, "postinst": b"#!/bin/sh\n"}


@pytest.mark.parametrize("ending", PACKED)
def test_an_archive_cut_short_is_refused(tmp_path: Path, ending: str) -> None:
    packed = PACKED[ending](PAYLOAD)
    for size in range(0, len(packed) - 1, max(1, len(packed) // 40)):
        parts = {"debian-binary": b"2.0\n", "control.tar": tar(), f"data.tar{ending}": packed[:size]}
        # what is missing of an uncompressed archive may be nothing but its end mark
        if ending == "" and size > len(PAYLOAD.rstrip(b"\0")) + 512:
            continue
        with pytest.raises(OutsideError, match=r"^`tiny_1.0_amd64.deb` is refused: "):
            unpack_data(written(tmp_path, ar(parts.items())), tmp_path / f"data-{size}")


@pytest.mark.parametrize("ending", [".gz", ".xz", ".zst"])
def test_something_behind_the_end_is_refused(tmp_path: Path, ending: str) -> None:
    parts = {"debian-binary": b"2.0\n", "control.tar": tar(), f"data.tar{ending}": PACKED[ending](PAYLOAD) + b"more"}
    with pytest.raises(OutsideError, match=rf"its `data.tar{ending}` (is broken|goes on)"):
        unpacked(tmp_path, ar(parts.items()))


def raw(name: bytes) -> bytes:
    """A data archive whose one member has a name that tarfile would not write."""
    info = Entry("x").info
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[: len(name)] = name
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return ar(members(bytes(header) + bytes(1024)).items())


def long_name() -> bytes:
    """A member whose name is told to be a gigabyte long."""
    header = bytearray(Entry("././@LongLink", kind=tarfile.GNUTYPE_LONGNAME).info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"%011o\0" % 20_000
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    return ar(members(bytes(header) + b"a" * 20_480 + bytes(1024)).items())


def without(name: str) -> bytes:
    return ar((part, data) for part, data in members(PAYLOAD).items() if part != name)


def in_order(*names: str) -> bytes:
    parts = {**members(PAYLOAD), "other": b"", "data.tar.lzma": b"x"}
    return ar((name, parts[name]) for name in names)


WHOLE = ("debian-binary", "control.tar.xz", "data.tar.xz")
LISTED = "is in the way of `var/lib/dpkg/status.d`, where packages are listed"
OUTSIDE = "leaves its folder by `..`"
HOSTILE = [
    (b"", "it is not an `ar` archive"),
    (b"!<arch>\n", "its first member is not `debian-binary`"),
    (b"!<arch>\n" + b"x" * 60, "what stands at byte 8 is not the header of a member"),
    (b"!<arch>\n" + b"x" * 20, "it ends within a header"),
    (ar([("debian-binary", b"3.0\n"), *members(PAYLOAD).items()]), "it is of format '3.0', expected 2.0"),
    (without("debian-binary"), "its first member is not `debian-binary`"),
    (without("control.tar.xz"), "no control archive follows its `debian-binary`"),
    (without("data.tar.xz"), "it has no data archive"),
    (in_order("debian-binary", "data.tar.xz", "control.tar.xz"), "no control archive follows its `debian-binary`"),
    (in_order("debian-binary", "control.tar.xz", "other", "data.tar.xz"),
     "`other` follows its control archive, where its data should"),
    (in_order(*WHOLE, "data.tar.xz"), "it has a member too many, `data.tar.xz`"),
    (in_order("debian-binary", "control.tar.xz", "data.tar.lzma"),
     "its `data.tar.lzma` is compressed in a way that is not known: gz, xz, zst and none are"),
    (ar([("debian-binary", b"2.0\n"), *((f"_{n}", b"") for n in range(20))]), "it has more than 16 members"),
    (deb(Entry("../etc/passwd")), f"`../etc/passwd` {OUTSIDE}"),
    (deb(Entry("./usr/../../etc/passwd")), f"`./usr/../../etc/passwd` {OUTSIDE}"),
    (deb(Entry("/etc/passwd")), "`/etc/passwd` is absolute"),
    (deb(Entry(".//etc/passwd")), "`.//etc/passwd` is absolute"),
    (deb(Entry("./usr//x")), "`./usr//x` is not a normalised path"),
    (deb(Entry("./usr/./x")), "`./usr/./x` is not a normalised path"),
    (deb(Entry("./a\nb")), "`./a\\nb` holds a control character"),
    (deb(Entry(f"./{'a' * 256}")), f"`./{'a' * 256}` has a component of more than 255 bytes"),
    (deb(Entry("./usr/.wh.bin")),
     "`./usr/.wh.bin` has a name that begins with `.wh.`, which in a layer hides files of others"),
    (deb(Entry("./.wh..wh..opq")),
     "`./.wh..wh..opq` has a name that begins with `.wh.`, which in a layer hides files of others"),
    (deb(Entry("./" + "a/" * 65 + "a")), f"`./{'a/' * 65}a` is more than 64 folders deep"),
    (raw(b"./\xff"), "`./\\xff` is not UTF-8"),
    (long_name(), "it has a path of 20000 bytes"),
    (deb(Entry("./a"), Entry("./a")), "`a` stands in it twice"),
    (deb(Entry("./var/lib/dpkg/status.d/other")), f"`var/lib/dpkg/status.d/other` {LISTED}"),
    (deb(folder("./var/lib/dpkg/status.d/tiny")), f"`var/lib/dpkg/status.d/tiny` {LISTED}"),
    (deb(link("./var/lib/dpkg/status.d", "/tmp")), f"`var/lib/dpkg/status.d` {LISTED}"),
    (deb(link("./var", "/tmp")), f"`var` {LISTED}"),
    (deb(Entry("./a"), Entry("a")), "`a` stands in it twice"),
    (deb(Entry("./a"), folder("./a/")), "`a` stands in it twice"),
    (deb(Entry(".")), "`.` is the root, and no folder"),
    (deb(link("./usr", "/etc"), Entry("./usr/passwd")), "`usr/passwd` runs through `usr`, which is a symbolic link"),
    (deb(Entry("./usr/passwd"), link("./usr", "/etc")), "`usr/passwd` runs through `usr`, which is a symbolic link"),
    (deb(Entry("./usr"), Entry("./usr/a/b")), "`usr/a/b` runs through `usr`, which is a file"),
    (deb(hardlink("./a", "./b")), "`a` is another name of `b`, which is no file before it"),
    (deb(hardlink("./a", "./b"), Entry("./b")), "`a` is another name of `b`, which is no file before it"),
    (deb(link("./b", "/etc/shadow"), hardlink("./a", "./b")), "`a` is another name of `b`, which is no file before it"),
    (deb(hardlink("./a", "../b")), f"`../b` {OUTSIDE}"),
    (deb(hardlink("./a", "/etc/shadow")), "`/etc/shadow` is absolute"),
    (deb(link("./a", "")), "a symbolic link leads nowhere"),
    (deb(Entry("./null", kind=tarfile.CHRTYPE)), "`./null` is a device"),
    (deb(Entry("./disk", kind=tarfile.BLKTYPE)), "`./disk` is a device"),
    (deb(Entry("./pipe", kind=tarfile.FIFOTYPE)), "`./pipe` is a pipe"),
    (deb(Entry("./sparse", kind=tarfile.GNUTYPE_SPARSE)), "`./sparse` is of an unknown kind, b'S'"),
    (ar(members(tar(Entry("./é" * 60), form=tarfile.PAX_FORMAT)).items()), "`././@PaxHeader` is a PAX header"),
    (deb(Entry("./a", uid=0xFFFFFFFF)), "`a` belongs to a number that nobody can have"),
    (ar(members(PAYLOAD[:700]).items()), "it ends without its end mark"),
    (ar(members(tar(Entry("./a", b"x" * 2000))[:1500]).items()), "it ends within a member"),
    (ar(members(b"x" * 2048).items()), "b'xxxxxxxxxxxx' stands where a number should"),
    (ar(members(PAYLOAD.replace(b"usr/file", b"usr/fil2")).items()),
     "what stands at byte 1024 is not the header of a member"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "message"), HOSTILE, ids=[message[:50] for _, message in HOSTILE])
def test_hostile_packages_are_refused(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        unpacked(tmp_path, data)
    assert error.value.message == f"`tiny_1.0_amd64.deb` is refused: {message}"


CONTROL = [
    (tar(), "it has no control file"),
    (tar(Entry("./postinst")), "it has no control file"),
    (tar(Entry("./control", STANZA), Entry("./control", STANZA)), "`./control` cannot be among its control files"),
    (tar(Entry("./control", STANZA), Entry("./../x")), "`./../x` cannot be among its control files"),
    (tar(Entry("./control", STANZA), Entry("./a/b")), "`./a/b` cannot be among its control files"),
    (tar(link("./control", "/etc/passwd")), "`./control` cannot be among its control files"),
    (tar(Entry("./control", kind=tarfile.FIFOTYPE)), "`./control` is a pipe"),
]


@pytest.mark.parametrize(("control", "message"), CONTROL)
def test_hostile_control_archives_are_refused(tmp_path: Path, control: bytes, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        read_control(written(tmp_path, deb(control=control)))
    assert error.value.message == f"`tiny_1.0_amd64.deb` is refused: {message}"


LOCKED = DebianPackage(
    name="tiny", version="1.0", architecture="amd64", file="pool/tiny_1.0_amd64.deb", sha256="", size=0
)
UNLIKE = [
    (STANZA.replace(b": tiny", b": tin"), "not as locked: its name is tin, locked tiny"),
    (STANZA.replace(b"1.0", b"1:1.0"), "not as locked: its version is 1:1.0, locked 1.0"),
    (STANZA.replace(b"amd64", b"all"), "not as locked: its architecture is all, locked amd64"),
    (b"Package: tiny\n", "not as locked: its version is , locked 1.0"),
    (STANZA + b"Depends: evil\n", "not as locked: what differs in Pre-Depends and Depends is `evil`, locked nothing"),
    (STANZA + b"Provides: tiniest\n", "not as locked: what differs in Provides is `tiniest`, locked nothing"),
    (STANZA + b"Pre-Depends: (\n", "refused: `(` is no relation of Debian's packages"),
    (STANZA + b"Package: other\n", "refused: 'Package: other' stands in its control file"),
    (b"nonsense", "refused: 'nonsense' stands in its control file"),
    (b"", "refused: '' stands in its control file"),
]


@pytest.mark.parametrize(("stanza", "message"), UNLIKE)
def test_a_package_that_is_another_than_the_locked_one_is_refused(stanza: bytes, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        require_promised(LOCKED, {"control": stanza}, "amd64")
    assert error.value.message == f"`tiny_1.0_amd64.deb` is {message}"


RELATED = (
    STANZA
    + b"""\
Pre-Depends: libc6 (>=2.36),
 dpkg
Depends: bb|aa, dpkg
Conflicts: old (<< 2)
Breaks: older
Provides: tiniest (= 1), small
"""
)
AS_RELATED = replace(
    LOCKED,
    requires=("bb | aa", "dpkg", "libc6 (>= 2.36)"),
    provides=("small", "tiniest (= 1)"),
    conflicts=("old (<< 2)", "older"),
)


def test_the_locked_package_is_taken() -> None:
    require_promised(replace(LOCKED, requires=()), {"control": STANZA}, "amd64")
    require_promised(AS_RELATED, {"control": RELATED}, "amd64")


@pytest.mark.parametrize(
    ("locked", "message"),
    [
        (
            replace(AS_RELATED, requires=("dpkg",)),
            "Pre-Depends and Depends is `bb | aa`, `libc6 (>= 2.36)`, locked nothing",
        ),
        (replace(AS_RELATED, conflicts=("old", "older")), "Conflicts and Breaks is `old (<< 2)`, locked `old`"),
        (replace(AS_RELATED, provides=()), "Provides is `small`, `tiniest (= 1)`, locked nothing"),
    ],
)
def test_relations_are_held_against_the_lock(locked: DebianPackage, message: str) -> None:
    with pytest.raises(OutsideError) as error:
        require_promised(locked, {"control": RELATED}, "amd64")
    assert error.value.message == f"`tiny_1.0_amd64.deb` is not as locked: what differs in {message}"
    assert error.value.hint == "`envlock lock -P debian:tiny` locks what its archive says now"


BOMBS: Mapping[str, Callable[[bytes], bytes]] = {
    ".xz": lambda data: lzma.compress(data, preset=1),
    ".gz": lambda data: gzip.compress(data, 9),
    ".zst": zstandard.ZstdCompressor(level=1).compress,
}
BOMB = """
import resource
from pathlib import Path
from envlock.debian.deb import unpack_data
from envlock.errors import OutsideError
resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))
try:
    unpack_data(Path({file!r}), Path({data!r}))
except OutsideError as error:
    print(error.message)
"""


@pytest.mark.parametrize("ending", BOMBS)
def test_bombs_end_before_they_fill_memory_or_disk(tmp_path: Path, ending: str) -> None:
    packed = BOMBS[ending](tar(Entry("./zeros", bytes(100 << 20))))
    file = written(tmp_path, ar([("debian-binary", b"2.0\n"), ("control.tar", tar()), (f"data.tar{ending}", packed)]))
    data = tmp_path / "data"
    said = run_python(BOMB.format(file=str(file), data=str(data))).strip()
    why = f"its `data.tar{ending}` unpacks to more than 64 MiB, from {len(packed)} bytes"
    assert said == f"`tiny_1.0_amd64.deb` is refused: {why}"
    assert data.stat().st_size <= 64 << 20


@given(st.binary(max_size=300), st.integers(0, 2000), st.sampled_from(["insert", "replace"]))
@settings(max_examples=150, deadline=None)
def test_whatever_the_bytes_are_the_answer_is_one_error(junk: bytes, at: int, how: str) -> None:
    good = ar({"debian-binary": b"2.0\n", "control.tar": tar(Entry("./control", STANZA)), "data.tar": PAYLOAD}.items())
    data = good[:at] + junk + good[at + (len(junk) if how == "replace" else 0) :]
    with suppress(OutsideError):
        found = read_control_bytes(data)
        assert found is None or "control" in found


def test_a_fuzzed_data_archive_gives_members_or_one_error(tmp_path: Path) -> None:
    for at in range(0, 1536, 5):
        changed = PAYLOAD[:at] + bytes([PAYLOAD[at] ^ 0x41]) + PAYLOAD[at + 1 :]
        path = written(tmp_path, ar([("debian-binary", b"2.0\n"), ("control.tar", tar()), ("data.tar", changed)]))
        with suppress(OutsideError):
            found = unpack_data(path, tmp_path / f"data-{at}")
            assert all(not m.path.startswith("/") and ".." not in m.path.split("/") for m in found)
