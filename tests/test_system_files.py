"""Files are written whole or not at all; what is half done goes."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.system.files import replace_folder, repository_root, write_whole
from envlock.system.parts import new_part, scratch_folder


@pytest.fixture
def umask() -> Iterator[None]:
    before = os.umask(0o027)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return path.stat().st_mode & 0o7777


def names(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def test_a_new_file_has_the_mode_of_any_other(tmp_path: Path, umask: None) -> None:
    write_whole(tmp_path / "file", b"new")
    assert ((tmp_path / "file").read_bytes(), mode(tmp_path / "file")) == (b"new", 0o640)
    assert names(tmp_path) == {"file"}


def test_the_mode_of_an_old_file_stays(tmp_path: Path, umask: None) -> None:
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o604)
    write_whole(tmp_path / "file", b"new")
    assert ((tmp_path / "file").read_bytes(), mode(tmp_path / "file")) == (b"new", 0o604)


def test_who_has_the_old_file_open_keeps_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with (tmp_path / "file").open("rb") as reader:
        write_whole(tmp_path / "file", b"new")
        assert reader.read() == b"old"


def test_errors_name_what_was_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as caught:
        write_whole(tmp_path / "nowhere" / "file", b"new")
    assert caught.value.filename == str(tmp_path / "nowhere" / "file")


def test_pipes_are_written_into(tmp_path: Path) -> None:
    """As devices are: root could otherwise put a file in the place of `/dev/null`."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_whole(tmp_path / "link", b"new")
    assert os.read(reader, 9) == b"new"
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()
    assert names(tmp_path) == {"pipe", "link"}


def test_links_stay_links(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/file").write_bytes(b"old")
    (tmp_path / "link").symlink_to("elsewhere/file")
    (tmp_path / "dangling").symlink_to("elsewhere/other")
    write_whole(tmp_path / "link", b"new")
    write_whole(tmp_path / "dangling", b"made")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere/file").read_bytes() == b"new"
    assert (tmp_path / "elsewhere/other").read_bytes() == b"made"
    assert names(tmp_path) == {"elsewhere", "link", "dangling"}


def test_what_cannot_be_replaced_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "folder/inside").mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        write_whole(tmp_path / "folder", b"new")
    assert names(tmp_path) == {"folder"}
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "none/file", b"new")


def test_a_part_may_lie_aside(tmp_path: Path) -> None:
    (tmp_path / "aside").mkdir()
    (tmp_path / "kept").mkdir()
    write_whole(tmp_path / "kept/file", b"new", aside=tmp_path / "aside")
    assert (names(tmp_path / "kept"), names(tmp_path / "aside")) == ({"file"}, set())


def test_a_scratch_folder_goes_whatever_happens(tmp_path: Path) -> None:
    def fail_in_it() -> None:
        with scratch_folder(tmp_path / "new") as folder:
            (folder / "deep").mkdir()
            (folder / "deep/file").touch()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_in_it()
    assert names(tmp_path / "new") == set()


def test_a_scratch_folder_that_was_renamed_stays(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as folder:
        (folder / "file").touch()
        folder.rename(tmp_path / "done")
    assert names(tmp_path) == {"done"}
    assert names(tmp_path / "done") == {"file"}


def test_parts_that_are_in_work_are_left_alone(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as one, scratch_folder(tmp_path) as other:
        descriptor, part = new_part(tmp_path)
        assert names(tmp_path) == {one.name, other.name, part.name}
        os.close(descriptor)
        with scratch_folder(tmp_path) as third:  # the part has no maker any more
            assert names(tmp_path) == {one.name, other.name, third.name}


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}-file").touch()
    replace_folder(tmp_path / "new", tmp_path / "old")
    assert names(tmp_path / "old") == {"new-file"}
    replace_folder(tmp_path / "old", tmp_path / "first")
    assert names(tmp_path / "first") == {"new-file"}


def test_the_repository_around_a_folder(tmp_path: Path) -> None:
    (tmp_path / "repository/a/b").mkdir(parents=True)
    assert repository_root(tmp_path / "repository/a/b") is None
    (tmp_path / "repository/.git").write_text("gitdir: elsewhere\n")  # as work trees have it
    assert repository_root(tmp_path / "repository/a/b") == tmp_path / "repository"
    assert repository_root(tmp_path / "repository") == tmp_path / "repository"
