"""`envlock versions`: what git has of a lock, in whole commands on real repositories."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from envlock.lockfile.reader import read_lock
from envlock.model.digest import environment_hash, image_key, lock_hash
from tests.support.locked_project import locked_project
from tests.support.projects import Project, Result
from tests.support.repository import History, set_version

HINT = "hint: this clone has only a part of the history: `git fetch --unshallow --tags` brings the rest\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train", git=True)


@pytest.fixture
def history(project: Project) -> History:
    """Three locks on `main`: click 8.3.1, 8.4 and 8.5; 8.4 is registered as 1, on the commit after."""
    history = History(project.folder)
    history.git("checkout", "--quiet", "-b", "main")
    history.commit("one")
    locked(history, project, "8.4")
    (project.folder / "notes").write_text("more")
    history.commit("notes")
    history.git("tag", "--annotate", "--message", "train 1", "env/train/1")
    locked(history, project, "8.5")
    return history


def locked(history: History, project: Project, version: str, name: str = "click") -> str:
    set_version(project, name, version)
    return history.commit(f"{name} {version}")


def told(project: Project, *words: str) -> list[tuple[str, str]]:
    """The first and the last column, but for titles."""
    lines = project.must("versions", *words).splitlines()[1:]
    return [(line.split()[0], line.split("…", 1)[-1].strip()) for line in lines]


def listed(project: Project, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.must("versions", *words, "--json"))
    return found


def commits(history: History, path: str, *words: str) -> list[str]:
    return history.git("log", "--format=%H", *words, "--", path).split()


def test_all_that_there_is(project: Project, history: History) -> None:
    one, two, three = (history.git("rev-parse", "--short=7", f"HEAD~{back}") for back in (3, 2, 0))
    date = history.git("log", "-1", "--format=%cs")
    keys = [image_key(read_lock(project.lockfile))[:8]]
    for revision in ("HEAD~2", "HEAD~3"):
        project.lockfile.write_text(history.git("show", f"{revision}:env.lock") + "\n")
        keys.append(image_key(read_lock(project.lockfile))[:8])
    rows = [
        f"—        {three}  {date}  Kim  lock-{keys[0]}…  click 8.4 → 8.5",
        f"1        {two}  {date}  Kim  lock-{keys[1]}…  click 8.3.1 → 8.4",
        f"—        {one}  {date}  Kim  lock-{keys[2]}…  2 packages",
    ]
    titles = "VERSION  COMMIT   DATE        BY   LOCK            CHANGES"
    for _ in range(2):  # what was read is kept
        assert project.call("versions") == Result(0, "\n".join((titles, *rows, "")), "")
    assert project.must("versions", "train", "--limit", "1").splitlines() == [titles, rows[0]]
    assert project.must("versions", ".", "HEAD~1").splitlines() == [titles, *rows[1:]]


def test_for_programs(project: Project, history: History) -> None:
    newest, registered, first = listed(project)
    lock = read_lock(project.lockfile)
    assert newest == {
        "versions": [],
        "labels": [],
        "commit": history.git("rev-parse", "HEAD"),
        "date": history.git("log", "-1", "--format=%cI"),
        "author": "Kim",
        "folder": ".",
        "moved_from": None,
        "on_branch": True,
        "locked": True,
        "problem": None,
        "environment_hash": environment_hash(lock),
        "image_key": image_key(lock),
        "lock_hashes": {"linux-64": lock_hash(lock, lock.platforms[0])},
        "packages": 2,
        "changes": [{"name": "click", "before": "8.4", "after": "8.5"}],
    }
    assert registered["versions"] == [{"version": "1", "commit": history.git("rev-parse", "HEAD~1")}]
    assert registered["commit"] == history.git("rev-parse", "HEAD~2")
    assert first["changes"] is None
    assert [each["commit"] for each in (newest, registered, first)] == commits(history, "env.lock")


def test_several_names_of_one_commit(project: Project, history: History) -> None:
    for version in ("2", "10", "1.2.0"):
        history.git("tag", f"env/train/{version}", "HEAD")  # light ones, too
    history.git("tag", "env/trainer/7", "HEAD")
    history.git("pack-refs", "--all")
    history.git("tag", "env/train/11", "HEAD")
    history.git("config", "user.name", "Kim")
    history.git("config", "user.email", "kim@acme.test")
    project.must("label", "train@10", "prod")
    project.must("label", "train@1", "old")
    project.must("label", "train@1", "gone")
    project.must("label", "--remove", "train", "gone")
    lines = project.must("versions").splitlines()
    assert lines[0].split()[:3] == ["VERSION", "LABELS", "COMMIT"]
    assert lines[1].startswith("11, 10, 2, 1.2.0  prod")
    assert lines[2].startswith("1                 old     ")


def test_what_is_registered_on_another_branch(project: Project, history: History) -> None:
    history.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    there = locked(history, project, "9.0")
    history.git("tag", "env/train/2")
    history.git("checkout", "--quiet", "main")
    here = locked(history, project, "8.6")
    found = listed(project)
    assert {each["commit"] for each in found} == {*commits(history, "env.lock"), there}
    assert [each["on_branch"] for each in found if each["commit"] in (there, here)].count(False) == 1
    assert ("2", "on another branch, click 8.4 → 9.0") in told(project)
    # a history that is asked for by name is that alone
    assert [each["commit"] for each in listed(project, "train", "main")] == commits(history, "env.lock")


def test_a_lock_that_comes_back(project: Project, history: History) -> None:
    """The version is told of the commit before it, not of every one with this lock."""
    project.lockfile.write_text(history.git("show", "HEAD~2:env.lock") + "\n")
    history.commit("back")
    assert [version for version, _ in told(project)] == ["—", "—", "1", "—"]


def test_folders_that_were_renamed(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "repo" / "a", name="train")
    history = History(tmp_path / "repo")
    history.git("init", "--quiet", "--initial-branch=main")
    history.commit("one")
    locked(history, project, "8.4")
    moved = Project(folder=tmp_path / "repo" / "b c" / "Zoë", cache=project.cache)
    moved.folder.parent.mkdir()
    history.git("branch", "side")
    history.git("mv", "a", "b c/Zoë")
    history.commit("move")
    # a branch that still has the old folder
    history.git("checkout", "--quiet", "side")
    side = locked(history, project, "9.0", name="flask")
    history.git("checkout", "--quiet", "main")
    locked(history, moved, "8.5")
    history.git("merge", "--quiet", "--no-edit", "-X", "theirs", "side")
    # and back: another environment was there meanwhile
    locked_project(tmp_path / "repo" / "a", name="other")
    history.commit("other")
    history.git("rm", "-r", "--quiet", "a")
    history.commit("gone")
    history.git("mv", "b c/Zoë", "a")
    history.commit("back")
    found = listed(project)
    merge = history.git("rev-list", "--merges", "HEAD")
    followed = history.git("log", "--follow", "--format=%H", "--", "a/env.lock").split()
    assert {each["commit"] for each in found} == {*followed, merge, side}
    assert [each["moved_from"] for each in found if each["moved_from"]] == ["b c/Zoë", "a", "a"]
    assert found[0]["changes"] == []
    assert told(project)[0] == ("—", "moved from b c/Zoë")
    assert len(listed(project, "train", "side")) == 3


def test_an_environment_that_is_gone(project: Project, history: History) -> None:
    history.git("rm", "--quiet", "env.toml", "env.lock")
    history.commit("gone")
    assert told(project, "train")[0][1].endswith("removed")
    assert [each["commit"] for each in listed(project, "train")] == commits(history, "env.lock")
    assert listed(project, "train")[0]["locked"] is False


def test_a_bare_repository(project: Project, history: History, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--bare", ".", tmp_path / "bare.git")
    bare = Project(folder=tmp_path / "bare.git", cache=project.cache)
    # the top folder's name is not kept in git: here env.toml says it
    assert bare.must("versions", "train") == project.must("versions", "train")
    assert bare.must("versions") == project.must("versions")


def test_a_shallow_clone(project: Project, history: History, tmp_path: Path) -> None:
    history.git("clone", "--quiet", "--depth", "2", f"file://{project.folder}", tmp_path / "shallow")
    shallow = Project(folder=tmp_path / "shallow", cache=project.cache)
    result = shallow.call("versions")
    assert (result.code, result.stderr) == (0, HINT)
    assert [version for version, _ in told(shallow)] == ["—", "1"]
    history.git("-C", tmp_path / "shallow", "fetch", "--quiet", "--unshallow", "--tags")
    assert shallow.call("versions") == project.call("versions")


def test_a_detached_head(project: Project, history: History) -> None:
    history.git("checkout", "--quiet", "--detach", "HEAD~1")
    assert [version for version, _ in told(project)] == ["1", "—"]


def test_what_a_person_has_git_do(project: Project, history: History) -> None:
    """Settings that change what `git log` prints."""
    before = project.must("versions")
    settings = {"log.follow": "true", "log.showSignature": "true", "log.showRoot": "false", "color.ui": "always"}
    settings |= {"diff.renames": "copies", "log.date": "relative", "core.quotePath": "false", "format.pretty": "raw"}
    for name, value in settings.items():
        history.git("config", name, value)
    assert project.must("versions") == before


def test_locks_that_cannot_be_read(project: Project, history: History) -> None:
    project.lockfile.write_text("<<<<<<< ours\n")
    history.commit("marks")
    project.lockfile.write_bytes(b"\xff")
    history.commit("bytes")
    (_, bytes_), (_, marks), *_ = told(project)
    assert "cannot be read: env.lock is not UTF-8 text" in bytes_
    assert "cannot be read: env.lock:1: " in marks
    set_lock = history.git("show", "HEAD~2:env.lock") + "\n"
    project.lockfile.write_text(set_lock)
    history.commit("mended")
    assert told(project)[0] == ("—", "2 packages")


def test_more_changes_than_fit(project: Project, history: History) -> None:
    set_version(project, "flask", "3.2")
    set_version(project, "click", "9.0")
    history.commit("both")
    assert told(project)[0][1] == "flask 3.1.3 → 3.2, click 8.5 → 9.0"  # env.toml asks for flask
    narrow = project.given(COLUMNS="80").must("versions", "--limit", "1").splitlines()[1]
    assert narrow.endswith("  flask 3.1.3 → 3.2, +1")


REFUSED = [
    (("other",), 2, "no commit has an environment `other`\nhint: there is `train`"),
    (("trian",), 2, "no commit has an environment `trian`\nhint: did you mean `train`?"),
    (("train", "nowhere"), 2, "`nowhere` is no git revision"),
    (("train", "--all"), 2, "no such option `--all`\nhint: see `envlock versions --help`"),
]


@pytest.mark.parametrize(("words", "code", "message"), REFUSED)
def test_what_is_not_there(project: Project, history: History, words: tuple[str, ...], code: int, message: str) -> None:
    assert history.folder
    assert project.call("versions", *words) == (code, "", f"error: {message}\n")


def test_without_any_commit(project: Project) -> None:
    message = "error: the repository has no commit yet\nhint: commit env.toml and env.lock first\n"
    assert project.call("versions") == (2, "", message)


def test_outside_of_git(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "train")
    result = project.call("versions")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr.endswith("is in no git repository\nhint: versions are what git has: `git init` starts\n")


def test_an_environment_that_is_not_committed(project: Project) -> None:
    history = History(project.folder)
    history.git("commit", "--quiet", "--allow-empty", "--message", "empty")
    message = "error: no commit has an environment `train`\nhint: commit env.toml and env.lock first\n"
    assert project.call("versions") == (2, "", message)


def test_a_reader_that_goes_away(project: Project, history: History) -> None:
    assert history.folder
    for _ in range(2):
        done = project.through("sh", "-c", '"$@" | head -1; true', "sh").call("versions")
        assert (done.code, done.stderr, done.stdout.split()[0]) == (0, "", "VERSION")


def test_settings_of_git_for_people_change_nothing(project: Project, history: History) -> None:
    before = project.must("versions", "train")
    for setting in ("diff.relative", "log.showSignature", "log.follow"):
        history.git("config", setting, "true")
    (project.folder / "sub").mkdir()
    assert replace(project, folder=project.folder / "sub").must("versions", "train") == before


def test_a_commit_without_a_time(project: Project, history: History) -> None:
    """As other programs may write it."""
    tree, parent = history.git("rev-parse", "HEAD~1^{tree}"), history.git("rev-parse", "HEAD")
    person = "\x1b[31mEve <eve@acme.test>"
    made = f"tree {tree}\nparent {parent}\nauthor {person}\ncommitter {person}\n\nno time\n"
    (project.folder.parent / "made").write_text(made)
    commit = history.git("hash-object", "-w", "--literally", "-t", "commit", project.folder.parent / "made")
    (first, *_) = listed(project, "train", commit)
    assert (first["commit"], first["changes"][0]["after"]) == (commit, "8.4")
    assert "\x1b" not in project.must("versions", "train", commit)
