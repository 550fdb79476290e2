"""Local files by content: one hash in every clone, and another for everything that would be built otherwise."""

import hashlib
import os
import shutil
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from envlock.errors import OutsideError, UserInputError
from envlock.system.local_files import content_pieces, content_sha256, lfs_pointer, tree_sha256

PIECE = 1 << 20
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {size}\n"


def in_turn(*steps: Callable[[], object]) -> None:
    for step in steps:
        step()


def relinked(path: Path, target: str) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(target)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def written(path: Path, data: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("data", "counted"),
    [
        (b"", b""),
        (b"a\nb\n", b"a\nb\n"),
        (b"a\r\nb\r\n", b"a\nb\n"),
        (b"a\rb\r", b"a\rb\r"),
        (b"a\r\r\nb", b"a\r\r\nb"),
        (b"\0a\r\n", b"\0a\r\n"),
        (b"a\r\n" + b"a" * PIECE + b"\0", b"a\r\n" + b"a" * PIECE + b"\0"),
        (b"a" * (PIECE - 1) + b"\r\n", b"a" * (PIECE - 1) + b"\n"),
        (b"a" * (PIECE - 1) + b"\rb", b"a" * (PIECE - 1) + b"\rb"),
        (b"a" * (PIECE - 1) + b"\r", b"a" * (PIECE - 1) + b"\r"),
    ],
)
def test_text_counts_with_lf(tmp_path: Path, data: bytes, counted: bytes) -> None:
    assert content_sha256(written(tmp_path / "file", data)) == sha256(counted)


def test_what_counts_is_what_git_would_keep(tmp_path: Path) -> None:
    """Of texts, of what nearly is one, and of short bytes by chance, such as keys: none of them comes out damaged."""
    chance = Random(20)
    drawn = [chance.choices(range(256), k=chance.choice((2, 40, 300))) for _ in range(100)]
    texts = [b"%PDF-1.4\r\n" + b"text\r\n" * 30 + bytes(chance.choices(range(1, 256), k=n)) for n in range(12)]
    ends = [b"a" * 126 + b"\r\n\x1a", b"a" * 127 + b"\r\n\x01", b"a" * 128 + b"\r\n\x01", b"\x1a\r\n", b"\xff\r\n\x1b"]
    samples = [*texts, *ends, *(bytes(one).replace(b"a", b"\r\n") for one in drawn)]
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    paths = [written(tmp_path / str(number), sample) for number, sample in enumerate(samples)]
    asked = ["git", "-C", str(tmp_path), "-c", "core.autocrlf=input", "hash-object", "--stdin-paths"]
    listed = "\n".join(map(str, paths))
    said = subprocess.run(asked, input=listed, capture_output=True, text=True, check=True).stdout.split()
    kept = [b"".join(content_pieces(path)) for path in paths]
    assert said == [hashlib.sha1(b"blob %d\0" % len(one) + one).hexdigest() for one in kept]
    assert {one == sample for one, sample in zip(kept, samples, strict=True)} == {True, False}


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_a_pointer_counts_as_the_file_that_it_stands_for(tmp_path: Path, ends: str) -> None:
    big = written(tmp_path / "big", b"\0big")
    text = POINTER.format(oid=sha256(b"\0big"), size=4).replace("\n", ends)
    pointer = written(tmp_path / "pointer", text.encode())
    assert content_sha256(pointer) == content_sha256(big)
    assert lfs_pointer(pointer) == (sha256(b"\0big"), 4)
    assert lfs_pointer(big) is None


def test_what_only_begins_like_a_pointer_is_a_file(tmp_path: Path) -> None:
    text = POINTER.format(oid="0" * 64, size=4) + "and more\n"
    assert lfs_pointer(written(tmp_path / "file", text.encode())) is None


@pytest.mark.parametrize(("make", "why"), [(Path.mkdir, "is not a regular file"), (lambda _: None, "does not exist")])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None], why: str) -> None:
    make(tmp_path / "file")
    with pytest.raises(UserInputError, match=why):
        content_sha256(tmp_path / "file")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A small project with a script, a link and a folder in a folder."""
    folder = tmp_path / "project"
    written(folder / "pyproject.toml", b'[project]\nname = "demo"\n')
    written(folder / "src/demo/__init__.py", b"")
    written(folder / "src/demo/data/table.csv", b"a\nb\n")
    written(folder / "run.sh", b"#!/bin/sh\n").chmod(0o755)
    (folder / "link").symlink_to("src/demo")
    return folder


# so that no later version of envlock makes every lock stale
GOLDEN = "e459c87dbd4f968ff3bc01e0b1feecae5e8c7608ac423b52db985d35e48fba6d"


def test_the_form_of_the_hash(project: Path) -> None:
    assert tree_sha256(project) == GOLDEN


CHANGES: dict[str, Callable[[Path], object]] = {
    "content": lambda p: written(p / "src/demo/__init__.py", b"x = 1\n"),
    "new file": lambda p: written(p / "src/demo/new.py", b""),
    "removed": lambda p: (p / "src/demo/__init__.py").unlink(),
    "renamed": lambda p: (p / "src/demo/__init__.py").rename(p / "src/demo/init.py"),
    "executable": lambda p: (p / "src/demo/__init__.py").chmod(0o755),
    "link": lambda p: relinked(p / "link", "src"),
    "link made a file": lambda p: in_turn((p / "link").unlink, lambda: written(p / "link", b"src/demo")),
    "file made a link": lambda p: relinked(p / "run.sh", "link"),
    "package named build": lambda p: written(p / "src/demo/build/__init__.py", b""),
    "moved between names": lambda p: (p / "src/demo/data").rename(p / "src/demo/other"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_hash_for(project: Path, change: str) -> None:
    before = tree_sha256(project)
    CHANGES[change](project)
    assert tree_sha256(project) != before


LEAVINGS: dict[str, Callable[[Path], object]] = {
    "git": lambda p: written(p / ".git/HEAD", b"ref: refs/heads/main\n"),
    "bytecode": lambda p: written(p / "src/demo/__pycache__/x.cpython-311.pyc", b"\0"),
    "lone bytecode": lambda p: written(p / "src/demo/x.pyc", b"\0"),
    "metadata": lambda p: written(p / "src/demo.egg-info/PKG-INFO", b""),
    "build": lambda p: written(p / "build/lib/demo.py", b""),
    "dist": lambda p: written(p / "dist/demo-1.tar.gz", b"\0"),
    "virtual environment": lambda p: written(p / "env/pyvenv.cfg", b""),
    "marked cache": lambda p: written(p / "target/CACHEDIR.TAG", b""),
    "its own lock": lambda p: written(p / "env.lock", b""),
    "link in what is left out": lambda p: in_turn((p / "build").mkdir, lambda: relinked(p / "build/x", "/etc")),
    "empty folder": lambda p: (p / "empty").mkdir(),
    "time": lambda p: os.utime(p / "pyproject.toml", (0, 0)),
    "rights of others": lambda p: (p / "pyproject.toml").chmod(0o600),
    "line ends": lambda p: written(p / "src/demo/data/table.csv", b"a\r\nb\r\n"),
    "pointer": lambda p: written(p / "src/demo/data/table.csv", POINTER.format(oid=sha256(b"a\nb\n"), size=4).encode()),
}


@pytest.mark.parametrize("change", LEAVINGS)
def test_the_same_hash_for(project: Path, change: str) -> None:
    before = tree_sha256(project)
    LEAVINGS[change](project)
    assert tree_sha256(project) == before


def test_the_same_hash_elsewhere_and_in_a_clone(project: Path, tmp_path: Path) -> None:
    before = tree_sha256(project)
    assert tree_sha256(shutil.copytree(project, tmp_path / "copy", symlinks=True)) == before
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@b.test", "-C", str(project)]
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "all"]):
        subprocess.run([*git, *words], check=True)
    crlf = ["git", "-c", "core.autocrlf=true", "clone", "-q", str(project), str(tmp_path / "clone")]
    subprocess.run(crlf, check=True)
    assert (tmp_path / "clone/src/demo/data/table.csv").read_bytes() == b"a\r\nb\r\n"
    assert tree_sha256(tmp_path / "clone") == before


@pytest.mark.parametrize("target", ["/etc/hostname", "../outside", "src/../../outside"])
def test_a_link_that_leads_out_is_refused(project: Path, target: str) -> None:
    (project / "out").symlink_to(target)
    with pytest.raises(UserInputError, match=r"`.*out` is a link to `.*`, which is outside of"):
        tree_sha256(project)


def test_what_is_no_file_is_refused(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    with socket.socket(socket.AF_UNIX) as here:
        here.bind("socket")
        with pytest.raises(UserInputError, match="`socket` is not a regular file"):
            tree_sha256(project)


def test_a_name_that_no_file_can_have(project: Path) -> None:
    with pytest.raises(OutsideError, match="cannot be read: File name too long"):
        content_sha256(project / ("a" * 300))


def test_what_is_no_folder_is_refused(project: Path) -> None:
    with pytest.raises(UserInputError, match="is not a folder"):
        tree_sha256(project / "run.sh")
