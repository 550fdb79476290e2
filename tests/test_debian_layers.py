"""Layers of a root: folders, hard links, modes and owners as they are given, and how Debian's packages are grouped."""

import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envlock.errors import OutsideError
from envlock.model.files import Inline, PrefixFile, SystemFile
from envlock.model.layers import ALONE_FROM, DEBIAN, LAYOUT, Sized, bin_of, group
from envlock.oci.layer import Layer, LayerFile, write_layer
from tests.support.oci_images import new_layout
from tests.support.processes import run

# which bin a package goes into: the first 8 bytes of SHA-256 of its name, modulo 8
GOLDEN = [("libc6", 2), ("dash", 7), ("mawk", 0), ("base-files", 7), ("git", 4), ("python3.11-minimal", 4)]


@pytest.mark.parametrize(("name", "number"), GOLDEN)
def test_golden_bins(name: str, number: int) -> None:
    assert (LAYOUT, bin_of(name, DEBIAN.bins)) == (1, number)


keys = st.text("abc.-", min_size=1, max_size=6)


@given(st.dictionaries(keys, st.integers(0, 2 * ALONE_FROM), max_size=80), keys)
def test_a_small_package_moves_no_other(sized: dict[str, int], added: str) -> None:
    packages = [Sized(key=key, size=size) for key, size in sized.items() if key != added]
    before = group(packages, DEBIAN)
    after = group([*packages, Sized(key=added, size=1)], DEBIAN)
    assert len(after) <= DEBIAN.alone + DEBIAN.bins
    assert sorted(key for each in after for key in each.keys) == sorted([*(p.key for p in packages), added])
    (changed,) = set(after) - set(before)
    assert changed.title == f"debian {bin_of(added, DEBIAN.bins):02}"
    assert {each.title for each in set(before) - set(after)} <= {changed.title}


def folder(path: str, mode: int = 0o755, uid: int = 0, gid: int = 0) -> SystemFile:
    return SystemFile(path=path, mode=mode, uid=uid, gid=gid, is_folder=True)


def file(path: str, content: bytes = b"", mode: int = 0o644, uid: int = 0, gid: int = 0) -> SystemFile:
    return SystemFile(path=path, mode=mode, uid=uid, gid=gid, content=Inline(content))


def hardlink(path: str, target: str) -> SystemFile:
    return SystemFile(path=path, mode=0o644, hardlink=target)


FILES = (
    folder("tmp", 0o1777),
    folder("usr/empty", 0o2775, gid=50),
    file("usr/bin/su", b"su", 0o4755),
    hardlink("usr/bin/zu", "usr/bin/su"),
    SystemFile(path="usr/bin/sh", mode=0o777, link="dash"),
    file("var/mail/root", b"", 0o660, uid=0, gid=8),
    file("far", uid=3_000_000, gid=4_000_000_000),
)
FOLDERS = {"var": folder("var"), "var/mail": folder("var/mail", 0o2775, gid=8), "tmp": folder("tmp", 0o700)}


def layer_of(
    root: Path, *files: LayerFile, folders: Mapping[str, SystemFile] = FOLDERS, at: str = "/"
) -> tuple[Path, Layer]:
    layout = new_layout(root)
    layer = write_layer(layout, files, root=at, folders=folders)
    return layout.blob_path(layer.descriptor.digest), layer


def test_members_are_as_they_are_given(tmp_path: Path) -> None:
    blob, layer = layer_of(tmp_path, *FILES)
    with tarfile.open(blob, "r:gz") as archive:
        found = [(e.name, e.type, e.mode, e.uid, e.gid, e.linkname, e.mtime, e.uname) for e in archive]
    assert found == [
        ("far", tarfile.REGTYPE, 0o644, 3_000_000, 4_000_000_000, "", 0, ""),
        ("tmp", tarfile.DIRTYPE, 0o1777, 0, 0, "", 0, ""),
        ("usr", tarfile.DIRTYPE, 0o755, 0, 0, "", 0, ""),
        ("usr/bin", tarfile.DIRTYPE, 0o755, 0, 0, "", 0, ""),
        ("usr/bin/sh", tarfile.SYMTYPE, 0o777, 0, 0, "dash", 0, ""),
        ("usr/bin/su", tarfile.REGTYPE, 0o4755, 0, 0, "", 0, ""),
        ("usr/bin/zu", tarfile.LNKTYPE, 0o644, 0, 0, "usr/bin/su", 0, ""),
        ("usr/empty", tarfile.DIRTYPE, 0o2775, 0, 50, "", 0, ""),
        ("var", tarfile.DIRTYPE, 0o755, 0, 0, "", 0, ""),
        ("var/mail", tarfile.DIRTYPE, 0o2775, 0, 8, "", 0, ""),
        ("var/mail/root", tarfile.REGTYPE, 0o660, 0, 8, "", 0, ""),
    ]
    assert layer.files == len(FILES)


def test_a_layer_is_what_it_was_in_layout_1(tmp_path: Path) -> None:
    """Golden: a change here is a change of every image over Debian's packages, and needs a new layout number."""
    _, layer = layer_of(tmp_path, *FILES)
    assert layer.diff_id == "sha256:698fa1d6bb9fbe920a89a74ee4bae3eca4d1b81eeee3a0cc3ef2c59d19e04916"
    assert layer_of(tmp_path / "other", *reversed(FILES))[1] == layer


def test_others_unpack_it(tmp_path: Path) -> None:
    blob, _ = layer_of(tmp_path, *FILES)
    (tmp_path / "root").mkdir()
    run(("tar", "--extract", "--gzip", "--file", blob, "--directory", tmp_path / "root", "--exclude", "far"))
    assert (tmp_path / "root/usr/bin/zu").samefile(tmp_path / "root/usr/bin/su")
    assert (tmp_path / "root/usr/bin/zu").read_bytes() == b"su"


def test_hard_links_below_another_root(tmp_path: Path) -> None:
    blob, _ = layer_of(tmp_path, file("a", b"x"), hardlink("b", "a"), at="/opt/env")
    with tarfile.open(blob, "r:gz") as archive:
        assert archive.getmember("opt/env/b").linkname == "opt/env/a"


LOST = "`{}` is another name of `{}`, which is no file before it in the same layer"
REFUSED: list[tuple[list[LayerFile], str]] = [
    ([hardlink("b", "a")], LOST.format("b", "a")),
    ([hardlink("a", "b"), file("b")], LOST.format("a", "b")),
    ([folder("a"), hardlink("b", "a")], LOST.format("b", "a")),
    ([SystemFile(path="a", mode=0o777, link="/etc/shadow"), hardlink("b", "a")], LOST.format("b", "a")),
    ([file("a"), hardlink("b", "a"), hardlink("c", "b")], LOST.format("c", "b")),
    ([file("c"), hardlink("a/b", "../c")], LOST.format("a/b", "../c")),
    ([folder("a"), folder("a")], "`a` stands twice in one layer"),
    ([folder("../a")], "`../a` is not a plain path below the prefix"),
    ([folder(".wh.a")], "`.wh.a` would hide files of other layers: names that start with `.wh.` are reserved"),
    ([file("a"), folder("a/b")], "`a/b` runs through `a`, which is a file in the same layer"),
    ([file("a"), hardlink("b", "a"), file("b/c")], "`b/c` runs through `b`, which is a file in the same layer"),
]


@pytest.mark.parametrize(("files", "message"), REFUSED, ids=lambda each: repr(each)[:40])
def test_what_nobody_could_unpack_is_refused(tmp_path: Path, files: list[LayerFile], message: str) -> None:
    with pytest.raises(OutsideError) as error:
        layer_of(tmp_path, *files)
    assert error.value.message == message


def test_folders_of_a_root_do_nothing_to_files_of_a_prefix(tmp_path: Path) -> None:
    one = PrefixFile(path="bin/tool", content=Inline(b"tool"), executable=True)
    assert (
        layer_of(tmp_path / "1", one, at="/opt/env")[1] == layer_of(tmp_path / "2", one, folders={}, at="/opt/env")[1]
    )
