"""An env.lock over Debian's packages with conflict markers: `envlock lock` keeps what both sides have locked."""

from pathlib import Path

import pytest

from envlock.model.debian_base import BASE_GROUP
from tests.support.debian_archive import Archive, publish, tiny_archive
from tests.support.debian_debs import Tiny
from tests.support.debian_projects import debian_manifest, debian_project
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.tiny_project import NO_PROXY

NAMES = ("alpha", "beta", "delta", "omega", "shared")


def packages(version: str) -> list[Tiny]:
    return [
        Tiny(name=name, version=version, architecture="all", depends="" if name == "shared" else "shared")
        for name in NAMES
    ]


GROUP = [
    Tiny(name=name, version="2.36-1", architecture="amd64", provides="awk" if name == "mawk" else "")
    for name in BASE_GROUP
]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return tiny_archive(tmp_path / "archive", [*GROUP, *packages("1.0-1")])


@pytest.fixture
def project(archive: Archive, tmp_path: Path) -> Project:
    """Locked and committed when all there was had version 1.0."""
    manifest = debian_manifest(archive, ["alpha", "omega"])
    made = debian_project(tmp_path / "train", archive, manifest, cache=tmp_path / "cache").given(**NO_PROXY)
    made.must("lock")
    git(made, "add", ".")
    git(made, "commit", "-qm", "base")
    return made


def git(project: Project, *words: str, fails: bool = False) -> None:
    command = ("git", "-c", "user.name=me", "-c", "user.email=me@host.test", "-C", str(project.folder), *words)
    run(("sh", "-c", '! "$@"', "sh", *command) if fails else command)


def branch(project: Project, name: str, *asked: str, upgraded: str = "") -> dict[str, str]:
    """A branch that asks for something else; the dates of what it has locked."""
    git(project, "checkout", "-q", "-b", name, "master")
    project.change("['alpha', 'omega']", str([*asked]))
    project.must("lock", *(("-P", upgraded) if upgraded else ()))
    git(project, "commit", "-qam", name)
    dates = dict(project.locked().base.dates)
    git(project, "checkout", "-q", "master")
    return dates


def versions(project: Project) -> dict[str, str]:
    return {p.name: p.version for p in project.locked().debian if p.name in NAMES}


def test_two_branches_that_lock_different_packages(archive: Archive, project: Project) -> None:
    publish(archive, packages("2.0-1"), date="Mon, 16 Jun 2025 07:00:00 UTC")
    ours = branch(project, "ours", "alpha", "beta", "omega")
    publish(archive, packages("3.0-1"), date="Tue, 17 Jun 2025 07:00:00 UTC")
    theirs = branch(project, "theirs", "alpha", "delta", "omega", upgraded="debian:omega")
    assert (ours["bookworm"], theirs["bookworm"]) == ("2025-06-16T07:00:00Z", "2025-06-17T07:00:00Z")
    git(project, "checkout", "-q", "ours")
    git(project, "-c", "merge.conflictStyle=diff3", "merge", "-q", "theirs", fails=True)
    git(project, "checkout", "--ours", "env.toml")
    project.change("'beta'", "'beta', 'delta'")
    assert "\n<<<<<<< " in project.lockfile.read_text()
    publish(archive, packages("4.0-1"), date="Wed, 18 Jun 2025 07:00:00 UTC")
    said = project.call("lock").stderr
    whose = "8 packages are as both sides had them, 1 as `HEAD` had them, 2 as `theirs` had them"
    assert f"note: env.lock was left by a merge with conflicts: {whose}\n" in said
    assert versions(project) == {
        "alpha": "1.0-1",
        "beta": "2.0-1",
        "delta": "3.0-1",
        "omega": "3.0-1",
        "shared": "1.0-1",
    }
    assert dict(project.locked().base.dates) == theirs
    project.must("check")
    locked = project.lockfile.read_bytes()
    project.must("lock")
    assert project.lockfile.read_bytes() == locked
    # from between the two: older than what one side has seen
    publish(archive, packages("2.5-1"), date="Mon, 16 Jun 2025 19:00:00 UTC")
    refused = project.call("lock", "-P", "debian:alpha")
    assert refused.code == 3
    assert "2025-06-17T07:00:00Z" in refused.stderr
    assert project.lockfile.read_bytes() == locked


def test_both_sides_have_moved_one_package(archive: Archive, project: Project) -> None:
    """Ours is kept, and what theirs has seen of the archive."""
    publish(archive, packages("2.0-1"), date="Mon, 16 Jun 2025 07:00:00 UTC")
    branch(project, "ours", "alpha", "omega", upgraded="debian:omega")
    publish(archive, packages("3.0-1"), date="Tue, 17 Jun 2025 07:00:00 UTC")
    theirs = branch(project, "theirs", "alpha", "omega", upgraded="debian:omega")
    git(project, "checkout", "-q", "ours")
    git(project, "merge", "-q", "theirs", fails=True)
    said = project.call("lock").stderr
    assert ": 8 packages are as both sides had them, 1 as `HEAD` had them\n" in said
    assert versions(project) == {"alpha": "1.0-1", "omega": "2.0-1", "shared": "1.0-1"}
    assert dict(project.locked().base.dates) == theirs
    project.must("check")


def test_where_ours_cannot_hold_theirs_is_taken(archive: Archive, project: Project) -> None:
    publish(archive, packages("2.0-1"), date="Mon, 16 Jun 2025 07:00:00 UTC")
    branch(project, "ours", "alpha", "omega (= 1.0-1)", "beta")
    branch(project, "theirs", "alpha", "omega (>= 2)")
    git(project, "checkout", "-q", "ours")
    git(project, "merge", "-q", "theirs", fails=True)
    git(project, "checkout", "--ours", "env.toml")
    project.change("omega (= 1.0-1)", "omega (>= 2)")
    publish(archive, packages("3.0-1"), date="Tue, 17 Jun 2025 07:00:00 UTC")
    project.must("lock")
    assert versions(project) == {"alpha": "1.0-1", "beta": "2.0-1", "omega": "2.0-1", "shared": "1.0-1"}
    project.must("check")
