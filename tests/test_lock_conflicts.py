"""An env.lock with conflict markers: `envlock lock` keeps what both sides have locked."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.lockfile.conflict import Conflict, read_conflict
from envlock.lockfile.reader import read_lock
from envlock.lockfile.writer import lock_text
from envlock.model.lock import Base, DebianPackage, PlatformLock
from envlock.workflows import project as projects
from envlock.workflows.pins import read_pins
from tests.support.index_server import WheelFolders, serve_index
from tests.support.locks import DEBIAN_LOCK, GIT
from tests.support.processes import run
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import NO_PROXY, failure
from tests.support.tiny_wheels import write_wheel

TEXT = lock_text(DEBIAN_LOCK)
NAMES = ("alpha", "beta", "delta", "gamma", "omega", "shared")


def git(folder: Path, *words: str, fails: bool = False) -> None:
    command = ("git", "-c", "user.name=me", "-c", "user.email=me@host.test", "-C", str(folder), *words)
    if fails:
        command = ("sh", "-c", '! "$@"', "sh", *command)
    run(command)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    for name in NAMES:
        write_wheel(folder, name, "1.0", requires=[] if name == "shared" else ["shared"])
    return folder


@pytest.fixture
def project(tmp_path: Path, wheels: Path) -> Iterator[Project]:
    """Locked and committed when all there was had version 1.0; later versions come with each call of `publish`."""
    folder = tmp_path / "wheels"
    shutil.copytree(wheels, folder)
    with serve_index(WheelFolders((folder,))) as index:
        manifest = manifest_text(pip=["alpha", "omega"], index=index.url)
        made = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache").given(**NO_PROXY)
        made.must("lock")
        git(made.folder, "add", ".")
        git(made.folder, "commit", "-qm", "base")
        yield made


def publish(project: Project, version: str) -> None:
    for name in NAMES:
        write_wheel(project.folder.parent / "wheels", name, version, requires=[] if name == "shared" else ["shared"])


def branch(project: Project, name: str, wanted: str, *upgraded: str) -> dict[str, str]:
    """A branch from `master` that wants something else; what it has locked."""
    git(project.folder, "checkout", "-q", "-b", name, "HEAD")
    text = re.sub(
        r"(?s)\[pip\]\ndependencies = \[.*?\]", f"[pip]\ndependencies = [{wanted}]", project.manifest.read_text()
    )
    project.manifest.write_text(text)
    project.must("lock", *upgraded)
    git(project.folder, "commit", "-qam", name)
    locked = project.versions()
    git(project.folder, "checkout", "-q", "-")
    return locked


def merged(project: Project, style: str, wanted: str) -> str:
    """Merges `theirs` into `ours`: env.toml resolved by hand, env.lock left with its markers."""
    git(project.folder, "checkout", "-q", "ours")
    git(project.folder, "-c", f"merge.conflictStyle={style}", "merge", "-q", "theirs", fails=True)
    git(project.folder, "checkout", "--ours", "env.toml")
    text = re.sub(
        r"(?s)\[pip\]\ndependencies = \[.*?\]", f"[pip]\ndependencies = [{wanted}]", project.manifest.read_text()
    )
    project.manifest.write_text(text)
    left = project.lockfile.read_text()
    assert "\n<<<<<<< " in left
    return left


@pytest.mark.parametrize("style", ["merge", "diff3", "zdiff3"])
def test_two_branches_that_lock_different_things(project: Project, style: str) -> None:
    publish(project, "2.0")
    ours = branch(project, "ours", "'alpha', 'beta', 'omega'")
    publish(project, "3.0")
    theirs = branch(project, "theirs", "'alpha', 'delta', 'omega'", "-P", "omega")
    assert ours == {"alpha": "1.0", "beta": "2.0", "omega": "1.0", "shared": "1.0"}
    assert theirs == {"alpha": "1.0", "delta": "3.0", "omega": "3.0", "shared": "1.0"}
    publish(project, "4.0")
    merged(project, style, "'alpha', 'beta', 'delta', 'gamma', 'omega'")
    assert failure(project.call("check")).endswith("hint: run `envlock lock`: it keeps what both sides have locked\n")
    said = project.call("lock").stderr
    assert "note: env.lock was left by a merge with conflicts: 2 packages are as both sides had them, " in said
    assert ", 1 as `HEAD` had them, 2 as `theirs` had them, 1 new\n" in said
    assert project.versions() == {**ours, **theirs, "gamma": "4.0"}
    project.must("check")
    locked = project.lockfile.read_bytes()
    project.must("lock")
    assert project.lockfile.read_bytes() == locked


def test_where_ours_cannot_hold_theirs_is_taken(project: Project) -> None:
    publish(project, "2.0")
    branch(project, "ours", "'alpha', 'omega==1.0', 'beta'")
    branch(project, "theirs", "'alpha', 'omega>=2'")
    publish(project, "3.0")
    merged(project, "merge", "'alpha', 'omega>=2', 'beta'")
    project.must("lock")
    assert project.versions() == {"alpha": "1.0", "beta": "2.0", "omega": "2.0", "shared": "1.0"}
    project.must("check")


def test_with_line_ends_of_windows(project: Project) -> None:
    publish(project, "2.0")
    branch(project, "ours", "'alpha', 'beta', 'omega'")
    branch(project, "theirs", "'alpha', 'delta', 'omega'")
    left = merged(project, "diff3", "'alpha', 'beta', 'delta', 'omega'")
    project.lockfile.write_bytes(left.replace("\n", "\r\n").encode())
    publish(project, "3.0")
    project.must("lock")
    assert project.versions() == {"alpha": "1.0", "beta": "2.0", "delta": "2.0", "omega": "1.0", "shared": "1.0"}
    assert b"\r" not in project.lockfile.read_bytes()


def test_the_manifest_is_resolved_first(project: Project) -> None:
    publish(project, "2.0")
    branch(project, "ours", "'alpha', 'beta', 'omega'")
    branch(project, "theirs", "'alpha', 'delta', 'omega'")
    left = merged(project, "merge", "'alpha'")
    git(project.folder, "checkout", "--merge", "env.toml")
    said = failure(project.call("lock"))
    assert said.startswith("error: env.toml:")
    assert "git's conflict marker `<<<<<<<`" in said
    assert project.lockfile.read_text() == left


def conflict(path: Path, text: str) -> Conflict | None:
    path.write_text(text)
    return read_conflict(path)


def test_a_lock_without_markers_is_no_conflict(tmp_path: Path) -> None:
    assert conflict(tmp_path / "env.lock", TEXT) is None


@pytest.mark.parametrize(
    "markers",
    [
        "<<<<<<< a\n",
        "<<<<<<< a\n=======\n",
        "=======\n>>>>>>> b\n",
        "<<<<<<< a\n>>>>>>> b\n",
        "<<<<<<< a\n<<<<<<< a\n=======\n>>>>>>> b\n",
        "<<<<<<< a\n=======\n||||||| o\n>>>>>>> b\n",
    ],
)
def test_markers_that_do_not_fit_together(tmp_path: Path, markers: str) -> None:
    assert conflict(tmp_path / "env.lock", TEXT + markers) is None


@pytest.mark.parametrize("at", range(0, TEXT.count("\n"), 7))
def test_a_hunk_anywhere(tmp_path: Path, at: int) -> None:
    """Ours is whole, theirs has lost some lines: what can still be read of it is."""
    lines = TEXT.splitlines(keepends=True)
    hunk = ["<<<<<<< HEAD\n", *lines[at : at + 5], "||||||| o\n", "<<<<<<<<< x\n", "=======\n", ">>>>>>> b\n"]
    found = conflict(tmp_path / "env.lock", "".join([*lines[:at], *hunk, *lines[at + 5 :]]))
    assert found
    assert (found.ours.label, found.theirs.label) == ("HEAD", "b")
    everything = {p.node: p for p in DEBIAN_LOCK.platforms[0].packages}
    assert {p.node: p.file for p in found.ours.platforms[0].packages} == {n: p.file for n, p in everything.items()}
    theirs = [p for platform in found.theirs.platforms for p in platform.packages]
    assert len(everything) - 2 <= len(theirs) <= len(everything)
    assert all(everything[p.node].file == p.file for p in theirs)


def test_what_cannot_be_read_of_a_side_is_left_out(tmp_path: Path) -> None:
    name = DEBIAN_LOCK.platforms[0].packages[0].name
    text = TEXT.replace(f'name = "{name}"\n', f'<<<<<<< a\nname = "{name}"\n=======\nname = 7\n>>>>>>> b\n', 1)
    found = conflict(tmp_path / "env.lock", text)
    assert found
    ours, theirs = ({p.name for p in side.platforms[0].packages} for side in (found.ours, found.theirs))
    assert ours - theirs == {name}


def test_a_lock_of_a_newer_envlock_is_refused(project: Project) -> None:
    text = project.lockfile.read_text()
    newer = text.replace("lock-version = 1", "<<<<<<< a\nlock-version = 1\n=======\nlock-version = 9\n>>>>>>> b")
    project.lockfile.write_text(newer)
    assert "made by a newer envlock" in failure(project.call("lock"))
    assert project.lockfile.read_text() == newer


@pytest.mark.parametrize("end", ["", "<<<<<<< HEAD\nname = 'x'\n"])
def test_a_truncated_lock_is_refused_as_before(project: Project, end: str) -> None:
    broken = project.lockfile.read_text()[:-40] + end
    project.lockfile.write_text(broken)
    result = project.call("lock")
    assert result.code == 2
    assert result.stderr.endswith("hint: restore it from git, or remove it and run `envlock lock`\n")
    assert project.lockfile.read_text() == broken


def test_what_looks_like_the_end_of_a_line_within_a_string(tmp_path: Path) -> None:
    text = TEXT.replace('channel = "conda-forge"', 'channel = "a\u2028=======\x85b"')
    assert text != TEXT
    found = conflict(tmp_path / "env.lock", f"<<<<<<< a\n{text}=======\n{TEXT}>>>>>>> b\n")
    assert found
    assert [p.channel for p in found.ours.platforms[0].conda] == ["a\u2028=======\x85b"]


def test_every_lock_reads_as_both_sides_of_itself(tmp_path: Path) -> None:
    path = tmp_path / "env.lock"
    found = conflict(path, f"<<<<<<< a\n{TEXT}=======\n{TEXT}>>>>>>> b\n")
    path.write_text(TEXT)
    assert found
    assert found.ours.platforms == found.theirs.platforms == read_lock(path).platforms


PLATFORM = replace(DEBIAN_LOCK.platforms[0], conda=(), pip=())
MANIFEST = 'name = "e"\n[image.debian]\nsuite = "bookworm"\n'
CURL = replace(GIT, name="curl", file="pool/main/c/curl/curl_7_amd64.deb", archive="main", sha256="8" * 64)
TRIXIE = Base(suite="trixie", dates=(("trixie", "2026-12-01T00:00:00Z"),), glibc="2.41", shell="/bin/sh")


def united(folder: Path, ours: PlatformLock, theirs: PlatformLock, manifest: str = MANIFEST) -> PlatformLock:
    """What is kept of two sides that differ in everything."""
    texts = [lock_text(replace(DEBIAN_LOCK, platforms=(side,))) for side in (ours, theirs)]
    (folder / "env.toml").write_text(manifest)
    (folder / "env.lock").write_text(f"<<<<<<< a\n{texts[0]}=======\n{texts[1]}>>>>>>> b\n")
    lock = read_pins(projects.Project(folder)).lock
    assert lock
    return lock.platforms[0]


def side(*packages: DebianPackage, **dates: str) -> PlatformLock:
    found = tuple(sorted((name.replace("_", "-"), f"2026-11-{day}T00:00:00Z") for name, day in dates.items()))
    return replace(PLATFORM, base=replace(PLATFORM.base, dates=found), debian=packages)


def test_debian_s_packages_are_of_both_sides_and_the_later_dates_hold(tmp_path: Path) -> None:
    ours = side(GIT, bookworm="09", bookworm_security="10")
    theirs = side(CURL, replace(GIT, sha256="9" * 64), bookworm="08", bookworm_security="11", bookworm_updates="07")
    expected = side(CURL, GIT, bookworm="09", bookworm_security="11", bookworm_updates="07")
    assert united(tmp_path, ours, theirs) == expected
    assert united(tmp_path, theirs, ours).base == expected.base


def test_the_base_that_env_toml_means_is_kept_with_its_packages(tmp_path: Path) -> None:
    bookworm, trixie = side(GIT, bookworm="09"), replace(PLATFORM, base=TRIXIE, debian=(CURL,))
    assert united(tmp_path, trixie, bookworm) == bookworm
    assert united(tmp_path, bookworm, trixie) == bookworm
    assert united(tmp_path, bookworm, trixie, MANIFEST.replace("bookworm", "trixie")) == trixie
    image = replace(PLATFORM, base=Base(reference="scratch"), debian=())
    assert united(tmp_path, image, bookworm) == bookworm
    assert united(tmp_path, bookworm, image, 'name = "e"\nimage.base = "scratch"\n') == image


def test_dates_that_git_has_brought_from_another_suite_are_left_out(tmp_path: Path) -> None:
    text = TEXT.replace('bookworm = "2026', '<<<<<<< a\nbookworm = "2026').replace(
        "[[platform.linux-64.debian]]",
        '=======\ntrixie = "2026-01-01T00:00:00Z"\n>>>>>>> b\n[[platform.linux-64.debian]]',
        1,
    )
    found = conflict(tmp_path / "env.lock", text)
    assert found
    assert [(p.base, p.debian) for p in found.ours.platforms] == [(PLATFORM.base, PLATFORM.debian)]
    assert [platform.base.dates for platform in found.theirs.platforms] == [()]
