"""Planned files on disk: whatever the umask and whatever is there before, and never outside their folder."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.environments.prefix import write_prefix
from envlock.errors import OutsideError
from envlock.model.files import Inline, PrefixFile


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o022)
    yield
    os.umask(before)


def plain(path: str, text: str = "") -> PrefixFile:
    return PrefixFile(path=path, content=Inline(text.encode()))


def link(path: str, target: str) -> PrefixFile:
    return PrefixFile(path=path, link=target)


def modes(folder: Path) -> dict[str, str]:
    """Each path with its type and permissions, as `ls -l` shows them."""
    return {
        path.relative_to(folder).as_posix(): stat.filemode(path.lstat().st_mode)
        for path in (folder, *folder.rglob("*"))
    }


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077, 0o777])
def test_modes_do_not_depend_on_the_umask(tmp_path: Path, umask: None, mask: int) -> None:
    program = PrefixFile(path="bin/tool", content=Inline(b"#!/bin/sh\n"), executable=True)
    os.umask(mask)
    write_prefix(tmp_path / "new", [program, plain("lib/deep/er/a.txt"), link("bin/other", "tool")])
    assert modes(tmp_path / "new") == {
        ".": "drwxr-xr-x",
        "bin": "drwxr-xr-x",
        "bin/other": "lrwxrwxrwx",
        "bin/tool": "-rwxr-xr-x",
        "lib": "drwxr-xr-x",
        "lib/deep": "drwxr-xr-x",
        "lib/deep/er": "drwxr-xr-x",
        "lib/deep/er/a.txt": "-rw-r--r--",
    }


def test_many_files_keep_their_own_bytes(tmp_path: Path) -> None:
    files = [plain(f"{n % 7}/{n}", str(n) * n) for n in range(500)]
    write_prefix(tmp_path, iter(files))
    assert {path.name: path.read_text() for path in tmp_path.rglob("*") if path.is_file()} == {
        str(n): str(n) * n for n in range(500)
    }


def test_what_is_there_is_replaced_and_never_written_through(tmp_path: Path) -> None:
    """A file of the prefix may be a hard link into a cache, or a link to somewhere else."""
    outside = tmp_path / "outside"
    outside.write_text("keep")
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "hard").hardlink_to(outside)
    (prefix / "soft").symlink_to(outside)
    (prefix / "name").write_text("old")
    write_prefix(prefix, [plain("hard", "new"), plain("soft", "new"), link("name", "hard")])
    assert outside.read_text() == "keep"
    assert [(prefix / name).read_text() for name in ("hard", "soft", "name")] == ["new", "new", "new"]
    assert [(prefix / name).is_symlink() for name in ("hard", "soft", "name")] == [False, False, True]


def test_a_link_to_a_folder_inside_may_be_written_through(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib64").symlink_to("lib")
    write_prefix(tmp_path, [plain("lib64/a/b", "x")])
    assert (tmp_path / "lib/a/b").read_text() == "x"


@pytest.mark.parametrize("target", ["../outside", "{outside}", "again"])
def test_nothing_is_written_through_a_link_that_leads_out(tmp_path: Path, target: str) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    prefix = tmp_path / "prefix"
    prefix.mkdir()
    (prefix / "again").symlink_to("../outside")
    (prefix / "lib").symlink_to(target.format(outside=outside))
    with pytest.raises(OutsideError) as refusal:
        write_prefix(prefix, [plain("lib/file")])
    assert refusal.value.message == f"`{prefix}/lib` is a link that leads out of `{prefix}`"
    assert list(outside.iterdir()) == []


def test_links_are_made_last_so_that_no_file_follows_one(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with pytest.raises(OutsideError, match="Is a directory"):
        write_prefix(tmp_path / "prefix", [link("a", str(outside)), plain("a/b")])
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("../a", "the path '../a' leaves its folder by `..`"),
        ("/a", "the path '/a' is absolute"),
        ("", "the path '' is not a normalised path"),
        ("a/", "the path 'a/' is not a normalised path"),
        ("a/./b", "the path 'a/./b' is not a normalised path"),
        ("a\0b", r"the path 'a\x00b' holds a control character"),
    ],
)
def test_paths_are_checked_before_anything_is_written(tmp_path: Path, path: str, message: str) -> None:
    with pytest.raises(OutsideError) as refusal:
        write_prefix(tmp_path / "prefix", [plain("good"), plain(path)])
    assert refusal.value.message == message
    assert not (tmp_path / "prefix").exists()


def test_a_path_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OutsideError, match="the path 'a' is there twice"):
        write_prefix(tmp_path, [plain("a", "1"), plain("a", "2")])


def test_a_file_in_the_way_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "lib").write_text("")
    with pytest.raises(OutsideError) as refusal:
        write_prefix(tmp_path, [plain("lib/a")])
    assert refusal.value.message == f"cannot write `{tmp_path}/lib`: File exists"
