"""Local files and folders that packages are locked from: held against what was locked, by kept verdicts too."""

import hashlib
import os
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.writer import lock_text
from envlock.manifest.reader import read_manifest
from envlock.model.lock import Base, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.system.cache import Cache
from envlock.system.local_files import tree_sha256
from envlock.workflows import project as workflows
from envlock.workflows.later_local import PLAIN
from envlock.workflows.verdicts import fingerprint, is_good, keep_good, stamp_of
from tests.support.projects import Project, new_project
from tests.test_check_workflow import reasons

MANIFEST = """name = "small"
python = "3.11"

[pip]
dependencies = [
    "lib @ ./wheels/lib-1.0-py3-none-any.whl",
    "tool @ ./tool",
]

[image]
base = "scratch"
"""
BYTES = b"PK\x03\x04\0 some wheel"
WHEEL = "wheels/lib-1.0-py3-none-any.whl"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Locked by hand from a wheel and a folder, both of which are as they were."""
    project = new_project(tmp_path / "small", MANIFEST, cache=tmp_path / "cache")
    (project.folder / "wheels").mkdir()
    (project.folder / WHEEL).write_bytes(BYTES)
    (project.folder / "tool").mkdir()
    (project.folder / "tool" / "pyproject.toml").write_text('[project]\nname = "tool"\nversion = "1.0"\n')
    spec = read_manifest(project.manifest)
    lib = PipPackage(
        name="lib", version="1.0", path=f"./{WHEEL}", file=Path(WHEEL).name, sha256=hashlib.sha256(BYTES).hexdigest()
    )
    tool = PipPackage(name="tool", version="1.0", path="./tool", tree=tree_sha256(project.folder / "tool"), builds=True)
    locked = PlatformLock(platform="linux-64", base=Base(reference="scratch", python="3.11.0"), pip=(lib, tool))
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))
    return project


def short(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def test_a_file_that_was_changed(project: Project) -> None:
    for _ in range(2):  # the second time from the kept verdict
        assert reasons(project) == []
    wheel = project.folder / WHEEL
    before = short(wheel)
    wheel.write_bytes(b"PK\x03\x04\0 such a wheel")
    expected = f"`./{WHEEL}` is not the file that `lib` is locked from: {short(wheel)}…, locked {before}… (env.toml:6)"
    assert reasons(project) == [expected]
    wheel.write_bytes(BYTES)
    assert reasons(project) == []


def test_a_change_that_leaves_size_and_times_as_they_were(project: Project) -> None:
    """A kept verdict does not go by times that could be those of another write."""
    wheel = project.folder / WHEEL
    times = wheel.stat()
    assert reasons(project) == []
    wheel.write_bytes(BYTES.replace(b"some", b"SOME"))
    os.utime(wheel, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert len(reasons(project)) == 1


def test_what_has_long_been_there_is_known_by_its_times(project: Project) -> None:
    """A large wheel is not read on every check: its times tell that it was not written since."""
    cache, here = Cache(project.cache), workflows.Project(project.folder)
    key = fingerprint(here)
    assert key
    keep_good(here, cache, key, [(f"./{WHEEL}", PLAIN)])
    ((path, sha256, stamp, kind),) = cache.record("verdicts", key)
    # it is seconds old
    assert (path, sha256, stamp, kind) == (f"./{WHEEL}", hashlib.sha256(BYTES).hexdigest(), None, PLAIN)
    status = (project.folder / WHEEL).stat()
    old = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
    for kept, is_known in ((["0" * 64, [*old]], False), (["0" * 64, None], False), ([sha256, [1, 2, 3, 4]], True)):
        cache.keep("verdicts", key, [[path, *kept, kind]])
        assert is_good(here, cache, key) is is_known
    later = status.st_ctime_ns + 10**10
    assert stamp_of(project.folder / WHEEL, now=later) == old
    assert stamp_of(project.folder / "tool", now=later) is None


@pytest.mark.parametrize("change", ["edit", "add", "remove"])
def test_a_folder_that_was_changed(project: Project, change: str) -> None:
    assert reasons(project) == []
    file = project.folder / "tool" / "pyproject.toml"
    if change == "edit":
        file.write_text(file.read_text() + "# more\n")
    elif change == "add":
        file.with_name("tool.py").write_text("")
    else:
        file.unlink()
    (reason,) = reasons(project)
    assert reason.startswith("`./tool` is not the folder that `tool` is locked from: ")
    assert reason.endswith("… (env.toml:7)")


def test_what_tools_leave_behind_is_no_change(project: Project) -> None:
    assert reasons(project) == []
    (project.folder / "tool" / "__pycache__").mkdir()
    (project.folder / "tool" / "__pycache__" / "x.pyc").write_bytes(b"x")
    assert reasons(project) == []


def test_what_is_gone(project: Project) -> None:
    assert reasons(project) == []
    (project.folder / WHEEL).unlink()
    assert reasons(project) == [f"`lib` is locked from `./{WHEEL}`: `{WHEEL}` does not exist (env.toml:6)"]


def test_a_pointer_of_git_lfs_stands_for_its_file(project: Project) -> None:
    """In a clone without the large files."""
    oid = hashlib.sha256(BYTES).hexdigest()
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize {len(BYTES)}\n"
    (project.folder / WHEEL).write_text(pointer)
    assert reasons(project) == []
    (project.folder / WHEEL).write_text(pointer.replace(oid, "0" * 64))
    assert len(reasons(project)) == 1


def test_a_file_that_env_toml_is_read_from(tmp_path: Path) -> None:
    """A kept verdict is of these files, too."""
    text = 'name = "small"\npython = "3.11"\n[pip]\nfrom = "requirements.in"\n[image]\nbase = "scratch"\n'
    folder = tmp_path / "small"
    project = new_project(folder, text, cache=tmp_path / "cache")
    (folder / "requirements.in").write_text("lib>=1\n")
    spec = read_manifest(project.manifest)
    assert spec.files == ("requirements.in",)
    lib = PipPackage(name="lib", version="1.0", index="pypi", file="lib-1.0-py3-none-any.whl", sha256="1" * 64, size=1)
    locked = PlatformLock(platform="linux-64", base=Base(reference="scratch", python="3.11.0"), pip=(lib,))
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))
    assert reasons(project) == []
    (folder / "requirements.in").write_text("# a comment\nlib >= 1.0\n")
    assert reasons(project) == []
    (folder / "requirements.in").write_text("lib>=2\n")
    assert reasons(project) == ["linux-64: `lib>=2` is not met: 1.0 is locked (requirements.in:1)"]


def test_a_folder_that_one_platform_alone_was_locked_from_as_it_was(project: Project) -> None:
    """As a merge leaves it that takes one platform from each side."""
    project.manifest.write_text('platforms = ["linux-64", "osx-arm64"]\n' + MANIFEST)
    spec, tree = read_manifest(project.manifest), tree_sha256(project.folder / "tool")
    (linux,) = project.lock().platforms
    old = tuple(replace(p, tree="0" * 64) if p.tree else p for p in linux.pip)
    mac = replace(linux, platform="osx-arm64", base=Base(python="3.11.0"))
    for platforms in ((replace(linux, pip=old), mac), (linux, replace(mac, pip=old))):
        lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=platforms)
        project.lockfile.write_text(lock_text(lock))
        expected = f"`./tool` is not the folder that `tool` is locked from: {tree[:12]}…, locked {'0' * 12}…"
        assert reasons(project) == [f"{expected} (env.toml:8)"]


def test_a_link_that_leads_to_another_file_of_requirements(tmp_path: Path) -> None:
    manifest = 'name = "small"\npython = "3.11"\n[pip]\nfrom = "all.in"\n[image]\nbase = "scratch"\n'
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    (project.folder / "few.in").write_text("")
    (project.folder / "many.in").write_text("flask\n")
    (project.folder / "all.in").symlink_to("few.in")
    spec = read_manifest(project.manifest)
    locked = PlatformLock(platform="linux-64", base=Base(reference="scratch"))
    lock = Lock(inputs=Inputs.of(spec), image=ImageSettings.of(spec), platforms=(locked,))
    project.lockfile.write_text(lock_text(lock))
    assert reasons(project) == []
    (project.folder / "all.in").unlink()
    (project.folder / "all.in").symlink_to("many.in")
    assert reasons(project) == ["linux-64: `flask` is not met: nothing of that name is locked (all.in:1)"]


def test_the_same_files_where_one_lies_outside_of_the_repository(tmp_path: Path) -> None:
    """A verdict that was found elsewhere does not hold here."""
    manifest = 'name = "small"\nextends = "../base.toml"\n[image]\nbase = "scratch"\n'
    around = new_project(tmp_path / "one", "", cache=tmp_path / "cache").folder
    inside = new_project(around / "env", manifest, cache=tmp_path / "cache", git=False)
    (around / "base.toml").write_text("")
    inside.must("lock")
    assert reasons(inside) == []
    alone = new_project(tmp_path / "two" / "env", manifest, cache=tmp_path / "cache")
    (tmp_path / "two" / "base.toml").write_text("")
    alone.lockfile.write_bytes(inside.lockfile.read_bytes())
    result = alone.call("check")
    assert (result.code, "`../base.toml` leaves the repository" in result.stderr) == (2, True)
