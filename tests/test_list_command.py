"""`envlock list`: the environments of a repository, in whole commands."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.locked_project import locked_project
from tests.support.projects import Project, Result
from tests.support.repository import History, set_version
from tests.test_versions_command import told


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """The top of a repository of two environments, one of them not locked."""
    (tmp_path / "repo").mkdir()
    train = locked_project(tmp_path / "repo" / "envs" / "train")
    other = locked_project(tmp_path / "repo" / "späte namen" / "score", name="score")
    other.lockfile.unlink()
    history = History(tmp_path / "repo")
    history.git("init", "--quiet", "--initial-branch=main")
    history.git("config", "user.name", "Kim")
    history.git("config", "user.email", "kim@acme.test")
    return Project(folder=tmp_path / "repo", cache=train.cache)


@pytest.fixture
def history(project: Project) -> History:
    found = History(project.folder)
    found.commit("one")
    return found


def train(project: Project) -> Project:
    return Project(folder=project.folder / "envs" / "train", cache=project.cache)


def listed(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.must("list", "--json"))
    return found


def test_before_anything_is_registered(project: Project) -> None:
    table = (
        "NAME   FOLDER             VERSION  NOW\n"
        "train  envs/train         —        not registered\n"
        "score  späte namen/score  —        not locked\n"
    )
    assert project.call("list") == Result(0, table, "2 environments\n")  # nothing is committed yet, either
    assert train(project).call("list") == Result(0, table, "2 environments\n")


def test_what_is_registered_and_labelled(project: Project, history: History) -> None:
    project.must("register", "train")
    project.must("label", "train@1", "prod")
    (first, second) = listed(project)
    commit = history.git("rev-parse", "HEAD")
    assert first == {
        "name": "train",
        "folder": "envs/train",
        "problem": None,
        "locked": True,
        "version": "1",
        "commit": commit,
        "is_version": True,
        "labels": [{"label": "prod", "version": "1", "commit": commit}],
    }
    assert (second["version"], second["labels"], second["locked"]) == (None, [], False)
    set_version(train(project), "click", "8.4")
    assert not listed(project)[0]["is_version"]
    assert "  changed since  prod → 1" in project.must("list")
    history.commit("two")
    project.must("register", "train")
    assert (listed(project)[0]["version"], listed(project)[0]["is_version"]) == ("2", True)
    # other bytes, the same environment
    lock = train(project).lockfile
    lock.write_text(lock.read_text().replace("# Made by `envlock lock`.", "#"))
    assert listed(project)[0]["is_version"]
    # and in another folder
    history.git("mv", "envs/train", "moved")
    assert (listed(project)[0]["folder"], listed(project)[0]["is_version"]) == ("moved", True)


def test_the_highest_number_is_the_newest(project: Project, history: History) -> None:
    for version in ("9", "10", "1.2.0", "beta"):
        history.git("tag", f"env/train/{version}")
    for version in ("beta", "1.2.0"):
        history.git("tag", f"env/score/{version}")
    history.git("tag", "env/gone/1")
    assert [each["version"] for each in listed(project)] == ["10", "beta"]
    assert listed(project)[0]["is_version"]  # a light tag tells no hash, but the bytes are the same


def test_a_label_that_was_removed(project: Project, history: History) -> None:
    assert history.folder
    project.must("label", "train@HEAD", "prod")
    assert [label["label"] for label in listed(project)[0]["labels"]] == ["prod"]
    project.must("label", "--remove", "train", "prod")
    assert listed(project)[0]["labels"] == []


def test_manifests_that_cannot_be_read(project: Project) -> None:
    (train(project).manifest).write_text("name = [\n")
    (project.folder / "späte namen" / "score" / "env.toml").write_bytes(b'name = "\xff"\n')
    first, second = listed(project)
    assert (first["name"], first["problem"]) == ("train", "not TOML: Invalid value (at end of document)")
    assert (second["name"], second["problem"]) == (
        "score",
        "not UTF-8 text (byte 8 cannot be decoded)",
    )
    assert "not TOML: Invalid value" in project.must("list")


def test_what_the_workspace_leaves_out(project: Project, history: History, tmp_path: Path) -> None:
    (project.folder / "env.toml").write_text('[workspace]\nexclude = ["späte*"]\n')
    history.commit("workspace")
    assert [each["name"] for each in listed(project)] == ["train"]
    history.git("clone", "--quiet", "--bare", ".", tmp_path / "bare.git")
    assert [each["name"] for each in listed(Project(folder=tmp_path / "bare.git", cache=project.cache))] == ["train"]


def test_a_bare_repository(project: Project, history: History, tmp_path: Path) -> None:
    project.must("register", "train")
    history.git("clone", "--quiet", "--bare", ".", tmp_path / "bare.git")
    bare = Project(folder=tmp_path / "bare.git", cache=project.cache)
    assert bare.call("list") == project.call("list")
    History(tmp_path).git("init", "--quiet", "--bare", tmp_path / "empty.git")
    assert Project(folder=tmp_path / "empty.git", cache=project.cache).call("list") == (0, "", "0 environments\n")


def test_outside_of_git(tmp_path: Path) -> None:
    project = locked_project(tmp_path / "here")
    assert project.must("list") == "NAME   FOLDER  VERSION  NOW\ntrain  .       —        not registered\n"
    (tmp_path / "nothing").mkdir()
    nothing = Project(folder=tmp_path / "nothing", cache=project.cache)
    assert nothing.call("list") == (0, "", "0 environments\n")
    assert nothing.must("list", "--json") == "[]\n"


def test_submodules_and_ignored_folders_stay_out(project: Project, history: History, tmp_path: Path) -> None:
    inner = locked_project(tmp_path / "inner", name="inner", git=True)
    History(inner.folder).commit("inner")
    history.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.folder), "sub")
    (project.folder / ".gitignore").write_text("built/\n")
    locked_project(project.folder / "built" / "old", name="old")
    locked_project(project.folder / "new", name="new")
    assert [each["name"] for each in listed(project)] == ["train", "new", "score"]
    inside = Project(folder=project.folder / "sub", cache=project.cache)
    assert [each["name"] for each in listed(inside)] == ["inner"]
    assert told(inside) == [("—", "2 packages")]


def test_a_work_tree_of_its_own(project: Project, history: History, tmp_path: Path) -> None:
    project.must("register", "train")
    history.git("worktree", "add", "--quiet", "-b", "topic", tmp_path / "beside")
    beside = Project(folder=tmp_path / "beside", cache=project.cache)
    assert beside.must("list") == project.must("list")
    assert told(beside, "train") == [("1", "2 packages")]


def test_git_that_refuses_the_repository(project: Project, history: History) -> None:
    (project.folder / ".git" / "HEAD").write_text("nonsense\n")
    result = project.call("list")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"error: git cannot read the repository around `{history.folder}`: ")
