"""Disks that are full or cannot be written: said in one message that names what, with everything as it was before."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Command
from tests.support.services import require, require_root
from tests.support.strace import points, recorder
from tests.support.tiny_debian import tiny_debian
from tests.support.tiny_project import TinyProject, failure, tiny_project, tree

FULL = "no space left on device"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    """Locked."""
    with tiny_project(tmp_path) as made:
        made.must("lock")
        yield made


def small_disk(folder: Path, kibibytes: int) -> Command:
    """Words that start a program for which `folder` is empty and has so much room."""
    return _mounted(f'mount -t tmpfs -o size={kibibytes}k tmpfs "{folder}"')


def read_only(folder: Path) -> Command:
    """Words that start a program that cannot write in `folder`."""
    return _mounted(f'mount --bind "{folder}" "{folder}" && mount -o remount,bind,ro "{folder}"')


def _mounted(mount: str) -> Command:
    require_root("a mount of its own")
    return (require("unshare", "util-linux"), "--mount", "sh", "-c", f'{mount} && exec "$0" "$@"')


def new_folder(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


# from the first byte to the last but one step; where exactly each ends is py-rattler's and uv's affair
@pytest.mark.parametrize("kibibytes", [4, 64])
@pytest.mark.parametrize("command", ["lock", "install", "build"])
def test_a_cache_on_a_full_disk(project: TinyProject, command: str, kibibytes: int) -> None:
    cache = new_folder(project.cache)
    before = tree(project.folder)
    if command == "lock":
        project.lockfile.unlink()
        before.pop("env.lock")
    result = project.through(*small_disk(cache, kibibytes)).call(command)
    said = failure(result)
    assert result.code == 3
    assert FULL in said.lower()
    assert str(cache) in said
    assert tree(project.folder) == before


# in a folder that is filled up once a copy of what was kept is in it: a command, its code, and what is there then
FILLED = """
mount -t tmpfs tmpfs "$OUT" && cp -a "$KEPT"/. "$OUT"
mount -o remount,size=$(($(du -sk "$OUT" | cut -f1) + 4))k "$OUT"
"$0" "$@"
echo "exit $?"
cd "$OUT" && find . | sort
"""


@pytest.mark.parametrize("name", ["image", "image.tar", "env"])
def test_output_to_a_full_disk(project: TinyProject, tmp_path: Path, name: str) -> None:
    """What was there before is there still, and nothing besides."""
    require_root("a mount of its own")
    words = ("install", "--prefix") if name == "env" else ("build", "--output")
    out = new_folder(tmp_path / "out")
    project.must(*words, out / name)
    shutil.copytree(out, tmp_path / "kept", symlinks=True)
    project.write(pip=("beta",))
    project.must("lock")
    filled = project.given(OUT=str(out), KEPT=str(tmp_path / "kept"))
    result = filled.through("unshare", "--mount", "sh", "-c", FILLED).call(*words, out / name)
    code, *found = result.stdout.splitlines()
    assert code == "exit 3", result
    assert FULL in failure(result).lower()
    assert str(out) in failure(result)
    assert found == sorted([".", *(f"./{path}" for path in tree(out))])


def test_a_full_disk_at_every_step_of_lock(project: TinyProject, tmp_path: Path) -> None:
    """At each call of the main thread that changes a file."""
    log = tmp_path / "strace.log"
    project.write(conda=(), pip=("beta",))
    old = project.lockfile.read_bytes()
    undisturbed = project.elsewhere(tmp_path / "undisturbed")
    undisturbed.through(*recorder(log)).must("lock")
    new = undisturbed.lockfile.read_bytes()
    for point in [p for p in points(log) if not p.everywhere and p.call != "write"]:
        tried = project.elsewhere(new_folder(tmp_path / "tried") / "here")
        result = tried.through(*point.starter("error=ENOSPC")).call("lock")
        found = tried.lockfile.read_bytes()
        if result.code == 0:  # what is noted in the cache may be lost, env.lock may not
            assert found == new, point
            continue
        assert result.code == 3, (point, result)
        assert FULL in failure(result).lower() or "no usable temporary directory" in failure(result), (point, result)
        assert found in (old, new)  # the last step is to make the folder outlive a power cut
        assert sorted(path.name for path in tried.folder.iterdir()) == ["env.lock", "env.toml"]


def test_a_project_that_is_read_only(project: TinyProject) -> None:
    old = project.lockfile.read_bytes()
    protected = project.through(*read_only(project.folder))
    for words in (("lock",), ("check",), ("install",), ("run", "--", "tool"), ("build",)):
        protected.must(*words)
    project.write(pip=("beta",))
    result = protected.call("lock")
    assert result.code == 3
    assert failure(result).startswith(f"error: read-only file system: `{project.folder}/")
    assert failure(result).endswith("`\nhint: nothing can be written there\n")
    assert project.lockfile.read_bytes() == old


def test_a_cache_that_is_read_only(project: TinyProject) -> None:
    project.must("install")
    protected = project.through(*read_only(project.cache))
    for words in (("lock",), ("check",), ("install",), ("run", "--", "tool")):
        protected.must(*words)
    result = protected.call("build")
    assert result.code == 3
    assert failure(result).startswith(f"error: read-only file system: `{project.cache}/")
    assert failure(result).endswith(
        "`\nhint: nothing can be written there; another cache folder can be given with `--cache-dir`\n"
    )


# a release, an index, what is known of scripts; a package, what is unpacked of it: each may be too much
@pytest.mark.parametrize(
    ("command", "kibibytes"), [("lock", 4), ("lock", 32), ("lock", 64), ("build", 4), ("build", 64), ("build", 320)]
)
def test_over_debian_a_cache_on_a_full_disk(tmp_path: Path, command: str, kibibytes: int) -> None:
    with tiny_debian(tmp_path) as made:
        if command == "build":
            made.must("lock")
        before, cache = tree(made.folder), new_folder(made.cache)
        result = made.through(*small_disk(cache, kibibytes)).call(command)
        assert result.code == 3, result
        assert FULL in failure(result).lower()
        assert str(cache) in failure(result)
        assert tree(made.folder) == before


def test_over_debian_a_cache_that_is_read_only(tmp_path: Path) -> None:
    with tiny_debian(tmp_path) as made:
        made.must("lock")
        image = made.must("build")
        protected = made.through(*read_only(made.cache))
        for command in ("lock", "check", "build"):
            assert protected.must(command) == (image if command == "build" else "")
        new_folder(made.cache)
        for options in (("lock", "--upgrade"), ("build",)):
            result = protected.call(*options)
            assert result.code == 3
            assert failure(result).startswith(f"error: read-only file system: `{made.cache}/")
