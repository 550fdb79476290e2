"""A merge that git has left: ours in the work tree without any marker, as a driver that was killed, or is not there,
leaves it. Theirs is in git's index alone, and must not get lost."""

import subprocess
from pathlib import Path

import pytest

from envlock.system.cache import Cache
from envlock.workflows.check import check
from envlock.workflows.project import Project as Folder
from envlock.workflows.unmerged import unmerged_lock
from tests.support.branches import Land, Wanted, write_world
from tests.support.projects import Project

KILLED = ("-c", "merge.envlock.driver=kill -9 $$")
IDENTITY = ("-c", "user.name=Kim", "-c", "user.email=kim@envlock.test")
WAITS = (
    "env.lock is not merged: it is ours, and what theirs has is in git's index alone:"
    " run `envlock lock`, then `git add env.lock`"
)


@pytest.fixture(scope="module")
def land(tmp_path_factory: pytest.TempPathFactory) -> Land:
    root = tmp_path_factory.mktemp("land")
    (root / "locking").mkdir()
    return Land(world=write_world(root / "world"), folder=root / "locking", cache=Cache(root / "cache"))


def git(folder: Path, *words: str, fails: bool = False) -> str:
    command = ("git", "-C", str(folder), *IDENTITY, *words)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert fails or done.returncode == 0, done
    return done.stdout


def write(folder: Path, land: Land, old: str, *pip: str) -> str:
    """env.toml for these wheels, and the env.lock that answers it."""
    manifest = Wanted(pip=dict.fromkeys(pip, "")).text(land.world)
    locked = land.locked(manifest, old)
    assert locked
    (folder / "env.toml").write_text(manifest)
    (folder / "env.lock").write_text(locked)
    return locked


def commit(folder: Path, name: str) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", name)


@pytest.fixture
def project(tmp_path: Path, land: Land) -> Project:
    """On `ours`, which has added `fonts`; `theirs` has added `util`."""
    folder = tmp_path / "a b"  # paths have blanks
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch=ours")
    (folder / ".gitattributes").write_text("env.lock merge=envlock\n")
    (folder / "env").mkdir()
    base = write(folder / "env", land, "", "core")
    commit(folder, "start")
    git(folder, "branch", "theirs")
    for name, wheel in (("theirs", "util"), ("ours", "fonts")):
        git(folder, "checkout", "--quiet", name)
        write(folder / "env", land, base, "core", wheel)
        commit(folder, name)
    return Project(folder=folder / "env", cache=land.cache.root).given(**land.mirrors)


def resolve(project: Project, land: Land) -> None:
    """env.toml by hand, for both."""
    project.manifest.write_text(Wanted(pip=dict.fromkeys(("core", "fonts", "util"), "")).text(land.world))


def left(project: Project, *operation: str) -> None:
    """What a killed driver leaves of an operation of git's: the same bytes as before."""
    before = project.lockfile.read_bytes()
    git(project.folder, *KILLED, *operation, fails=True)
    assert project.lockfile.read_bytes() == before
    assert "UU env/env.lock" in git(project.folder, "status", "--porcelain")


@pytest.mark.parametrize("operation", ["merge", "cherry-pick"])
def test_lock_takes_theirs_from_the_index(project: Project, land: Land, operation: str) -> None:
    left(project, operation, "theirs")
    git(project.folder, "checkout", "--ours", "env.toml")
    assert [p.message for p in check(Folder(project.folder), land.cache)] == [WAITS]
    resolve(project, land)
    said = project.call("check")
    assert (said.code, WAITS in said.stdout) == (1, True)
    said = project.call("--offline", "lock")
    assert said.code == 0, said
    assert "1 as `ours` had them, 1 as `theirs` had them" in said.stderr
    assert set(project.versions()) == {"core", "fonts", "util"}
    # git still waits, and what is there is no longer ours
    assert unmerged_lock(Folder(project.folder)) is None
    project.must("check")
    project.must("--offline", "lock")
    commit(project.folder, "merged")
    project.must("check")


def test_of_a_stash(project: Project, land: Land) -> None:
    old = project.lockfile.read_text()
    write(project.folder, land, old, "core", "fonts", "net")
    git(project.folder, "stash", "--quiet")
    write(project.folder, land, old, "core", "fonts", "tint")
    commit(project.folder, "tint")
    left(project, "stash", "pop")
    assert [p.message for p in check(Folder(project.folder), land.cache)] == [WAITS]


def test_in_a_work_tree_beside_another(project: Project, land: Land, tmp_path: Path) -> None:
    git(project.folder, "worktree", "add", "--quiet", "-b", "third", str(tmp_path / "beside"), "ours")
    beside = Project(folder=tmp_path / "beside" / "env", cache=project.cache, variables=project.variables)
    left(beside, "merge", "theirs")
    assert [p.message for p in check(Folder(beside.folder), land.cache)] == [WAITS]
    project.must("check")


def test_the_same_manifest_with_other_pins(project: Project, land: Land) -> None:
    """What is in the work tree answers, and was found good before: theirs is to be looked at all the same."""
    assert project.versions()["fonts"] == "1.2"
    manifest = project.manifest.read_text()
    for name, version in (("third", "1.1"), ("other", "1.0")):
        git(project.folder, "checkout", "--quiet", "-b", name, "ours")
        limited = land.locked(Wanted(pip={"core": "", "fonts": f"=={version}"}).text(land.world))
        assert limited
        held = land.locked(manifest, limited)
        assert held
        project.lockfile.write_text(held)
        commit(project.folder, name)
    project.must("check")
    left(project, "merge", "third")
    assert project.call("check").code == 1
    said = project.call("--offline", "lock")
    assert said.code == 0, said
    assert said.stderr.endswith(
        "env.lock answers env.toml: nothing to do\n"
        "note: env.lock was left by a merge with conflicts: 1 package is as both sides had it, 1 as `ours` had them\n"
        "note: `git add env.lock` tells git that it is merged\n"
    )
    commit(project.folder, "merged")
    project.must("check")


def test_where_nothing_is_to_be_merged_git_is_not_asked(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert unmerged_lock(Folder(project.folder)) is None
