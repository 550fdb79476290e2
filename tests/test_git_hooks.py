"""What git's hooks say: of pushes, of merges, and of what is installed when branches change."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.locked_project import locked_project, stale, write_lock
from tests.support.processes import run
from tests.support.projects import Project
from tests.support.tiny_project import TinyProject, tiny_project

WHO = ("-c", "user.name=Kim", "-c", "user.email=kim@acme.test", "-c", "init.defaultBranch=main")
CHANGED = "envlock: what is installed of `tiny` is not what env.lock says now: run `envlock install tiny"


def git(project: Project, *words: str | Path) -> tuple[int, str]:
    """What git ends with, and what it and its hooks say on stderr."""
    done = subprocess.run(
        ("git", *WHO, *words),
        cwd=project.folder,
        env=project.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stderr


def must(project: Project, *words: str | Path) -> str:
    code, said = git(project, *words)
    assert code == 0, said
    return said


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """With a good lock, committed on `main`, with hooks and a remote `origin`."""
    project = locked_project(tmp_path / "train")
    run(("git", "init", "--quiet", "--bare", tmp_path / "origin.git"))
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "one")):
        must(project, *words)
    must(project, "remote", "add", "origin", tmp_path / "origin.git")
    project.must("hooks", "install")
    must(project, "add", "--all")
    must(project, "commit", "--quiet", "-m", "two")
    return project


def test_a_stale_lock_is_not_pushed(project: Project) -> None:
    must(project, "push", "--quiet", "origin", "main")
    must(project, "checkout", "--quiet", "-b", "new/numpy")
    stale(project)
    must(project, "commit", "--quiet", "--all", "--no-verify", "-m", "three")
    must(project, "tag", "-a", "v1", "-m", "v1")
    code, said = git(project, "push", "--quiet", "origin", "new/numpy", "main")
    assert (code, said.splitlines()[:2]) == (
        1,
        [
            "train@new/numpy: env.lock does not answer env.toml",
            "  linux-64: `flask>=4` is not met: 3.1.3 is locked (env.toml:5)",
        ],
    )
    assert "hint: lock and commit it; or go on without by `git push --no-verify`\n" in said
    assert "train@v1: env.lock does not answer" in git(project, "push", "--quiet", "origin", "v1")[1]
    # the tips count, and what is removed or holds no files does not
    must(project, "revert", "--no-edit", "HEAD")
    must(project, "push", "--quiet", "origin", "new/numpy")
    must(project, "push", "--quiet", "origin", ":new/numpy")
    must(project, "update-ref", "refs/envlock/labels/train/prod", "v1^{}")
    must(project, "push", "--quiet", "origin", "refs/envlock/labels/train/prod")


def test_what_a_push_does_not_change_is_no_concern_of_it(project: Project) -> None:
    """A stale lock that is on the other side already hinders nobody; where a push brings it about, also by going back,
    it does."""
    push = ("push", "--quiet", "origin")
    stale(project)
    must(project, "commit", "--quiet", "--all", "--no-verify", "-m", "stale")
    must(project, *push, "--no-verify", "main")
    (project.folder / "readme").write_text("new\n")
    must(project, "add", "readme")
    must(project, "commit", "--quiet", "-m", "other things")
    must(project, "tag", "of-stale", "HEAD^")
    must(project, *push, "main", "main:refs/heads/also", "of-stale")
    must(project, "revert", "--no-edit", "HEAD^")
    must(project, *push, "main")
    assert git(project, *push, "+of-stale:main")[1].startswith("train@of-stale: env.lock does not answer env.toml\n")
    assert git(project, "push", "--quiet", "../origin.git", "of-stale:refs/heads/unknown")[0] == 1


def test_work_trees_whose_git_folder_is_elsewhere(project: Project, tmp_path: Path) -> None:
    """As those have them who keep their home in git: with hooks for all repositories, nothing is in their way."""
    project.must("hooks", "install", "--global")
    home = Project(folder=tmp_path / "home", cache=project.cache)
    home.folder.mkdir()
    run(("git", "init", "--quiet", "--bare", home.folder / ".dots"))
    (home.folder / ".profile").write_text("")
    dots = (f"--git-dir={home.folder / '.dots'}", f"--work-tree={home.folder}")
    for words in (("add", ".profile"), ("commit", "-m", "one"), ("commit", "--amend", "-m", "two")):
        assert "envlock" not in must(home, *dots, *words)
    assert "error" not in must(home, *dots, "push", "--quiet", tmp_path / "origin.git", "HEAD:refs/heads/dots")


def test_a_hook_that_was_there_reads_what_is_pushed_too(project: Project) -> None:
    project.must("hooks", "uninstall")
    hook = project.folder / ".git" / "hooks" / "pre-push"
    hook.write_text("#!/bin/sh\ncat >&2\n")
    hook.chmod(0o755)
    project.must("hooks", "install")
    commit = run(("git", "rev-parse", "HEAD"), folder=project.folder).strip()
    assert (
        must(project, "push", "--quiet", "origin", "main") == f"refs/heads/main {commit} refs/heads/main {'0' * 40}\n"
    )


def test_what_was_merged_is_checked(project: Project) -> None:
    must(project, "checkout", "--quiet", "-b", "other")
    stale(project)
    must(project, "commit", "--quiet", "--all", "--no-verify", "-m", "three")
    must(project, "checkout", "--quiet", "main")
    assert must(project, "merge", "other").splitlines() == [
        "train: env.lock does not answer env.toml",
        "  linux-64: `flask>=4` is not met: 3.1.3 is locked (env.toml:5)",
        "hint: run `envlock lock`, and commit what it writes",
    ]


def test_other_environments_are_no_concern_of_a_commit(project: Project) -> None:
    """One that was committed stale is said of by those who touch it."""
    other = project.folder / "envs" / "serve"
    other.mkdir(parents=True)
    (other / "env.toml").write_text(project.manifest.read_text().replace("train", "serve"))
    write_lock(other / "env.toml")
    (other / "env.toml").write_text((other / "env.toml").read_text().replace("flask >=3", "flask >=4"))
    must(project, "add", "--all")
    assert git(project, "commit", "--quiet", "-m", "three")[0] == 1
    must(project, "commit", "--quiet", "--no-verify", "-m", "three")
    (project.folder / "readme").write_text("new\n")
    must(project, "add", "--all")
    must(project, "commit", "--quiet", "-m", "four")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    """Installed as it is locked on `main`; on `other` another package is locked."""
    with tiny_project(tmp_path_factory.mktemp("tiny")) as project:
        must(project, "init", "--quiet")
        project.must("lock")
        project.must("hooks", "install")
        must(project, "add", "--all")
        must(project, "commit", "--quiet", "-m", "one")
        must(project, "checkout", "--quiet", "-b", "other")
        project.change("alpha", "beta")
        project.must("lock")
        must(project, "commit", "--quiet", "--all", "-m", "two")
        must(project, "checkout", "--quiet", "main")
        (project.folder / "readme").write_text("new\n")
        must(project, "add", "--all")
        must(project, "commit", "--quiet", "-m", "three")
        project.must("install")
        yield project


def test_who_changes_branches_is_told_once_what_is_installed_no_longer(installed: TinyProject) -> None:
    assert must(installed, "checkout", "--quiet", "other") == f"{CHANGED}`\n"
    assert must(installed, "checkout", "--quiet", "main") == ""
    assert must(installed, "checkout", "--quiet", "-b", "same") == ""
    assert must(installed, "checkout", "other", "--", "env.lock", "env.toml").splitlines() == []
    must(installed, "reset", "--quiet", "--hard", "main")
    assert must(installed, "-c", "advice.detachedHead=false", "checkout", "--quiet", "main") == ""


def test_and_who_merges_or_rebases(installed: TinyProject) -> None:
    must(installed, "checkout", "--quiet", "-B", "merged", "main")
    assert must(installed, "merge", "--quiet", "--no-edit", "other") == f"{CHANGED}`\n"
    must(installed, "checkout", "--quiet", "-B", "rebased", "main")
    said = must(installed, "rebase", "--quiet", "other")
    assert [line for line in said.splitlines() if line.startswith("envlock")] == [f"{CHANGED}`"]
    must(installed, "checkout", "--quiet", "main")


def test_where_both_are_installed_nothing_is_to_be_said(installed: TinyProject) -> None:
    must(installed, "checkout", "--quiet", "other")
    own = installed.folder.parent / "own"
    installed.must("install", "--prefix", own, "--quiet")
    try:
        assert must(installed, "checkout", "--quiet", "main") == f"{CHANGED} --prefix {own}`\n"
        assert must(installed, "checkout", "--quiet", "other") != ""
        installed.must("install")
        must(installed, "checkout", "--quiet", "main")
        # in the store both are there; in a folder there is one
        assert must(installed, "checkout", "--quiet", "other") == ""
    finally:
        must(installed, "checkout", "--quiet", "main")


def test_a_lock_that_cannot_be_read_fails_no_checkout(project: Project) -> None:
    must(project, "checkout", "--quiet", "-b", "broken")
    project.lockfile.write_text("<<<<<<<\n")
    must(project, "commit", "--quiet", "--all", "--no-verify", "-m", "three")
    assert must(project, "checkout", "--quiet", "main") == ""
    assert "cannot be read" in must(project, "merge", "broken")


def test_a_hook_that_envlock_has_no_word_in(project: Project) -> None:
    result = project.call("git-hook", "update")
    assert (result.code, result.stderr.splitlines()[0]) == (2, "error: no hook `update`")
