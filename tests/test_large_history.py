"""Long histories with merges and renamed folders: what `versions` and `list` tell is what git tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.large_history import LARGE, SMALL, Size, copied, large_history, names
from tests.support.processes import run
from tests.support.projects import Project


@pytest.fixture(params=[pytest.param(SMALL, id="small"), pytest.param(LARGE, id="large", marks=pytest.mark.full)])
def size(request: pytest.FixtureRequest) -> Size:
    found: Size = request.param
    return found


@pytest.fixture
def project(size: Size, tmp_path: Path) -> Project:
    """Only read by tests: all share it."""
    return Project(folder=large_history(size), cache=tmp_path / "cache")


def git(project: Project, *words: str) -> str:
    return run(("git", *words), folder=project.folder)


def versions(project: Project, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.must("versions", *words, "--json"))
    return found


def folders_of(project: Project, name: str) -> list[str]:
    """Every folder that an environment was in: the generator gives no two environments one folder."""
    shown = git(project, "log", "--format=", "--name-only", "-m", "--first-parent", "--", f":(glob)**/{name}*/env.toml")
    return sorted({path.rpartition("/")[0] for path in shown.split() if _is_of(path, name)})


def _is_of(path: str, name: str) -> bool:
    return path.split("/")[-2].partition("-")[0] == name


def commits_of(project: Project, folders: list[str]) -> list[str]:
    return git(project, "log", "--format=%H", "--", *(f"{folder}/env.lock" for folder in folders)).split()


def test_the_commits_are_those_of_git_log(project: Project, size: Size) -> None:
    some = names(size)[:: max(1, size.environments // 12)]
    renamed = 0
    for name in some:
        folders = folders_of(project, name)
        renamed += len(folders) > 1
        found = [each["commit"] for each in versions(project, name)]
        if len(folders) == 1:
            assert found == commits_of(project, folders), name
        # over all folders in which it ever was
        assert {*found} == {*commits_of(project, folders)}, name
        assert len(set(found)) == len(found)
    assert renamed


def listed(project: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(project.must("list", "--json"))
    return found


def test_every_version_stands_at_its_lock(project: Project, size: Size) -> None:
    for name in names(size)[:: max(1, size.environments // 6)]:
        told = {v["version"]: (each, v["commit"]) for each in versions(project, name) for v in each["versions"]}
        tags = git(project, "tag", "--list", f"env/{name}/*").split()
        assert sorted(told) == sorted(tag.rpartition("/")[2] for tag in tags)
        for version, (state, commit) in told.items():
            assert git(project, "rev-parse", f"env/{name}/{version}^{{commit}}").strip() == commit
            message = git(project, "tag", "--list", "--format=%(contents)", f"env/{name}/{version}")
            assert f"Environment-Hash: {state['environment_hash']}" in message
            assert git(project, "merge-base", state["commit"], commit).strip() == state["commit"]
            assert state["on_branch"]


def test_the_list_is_what_the_tags_say(project: Project, size: Size) -> None:
    found = listed(project)
    assert sorted(each["name"] for each in found) == sorted(names(size))
    assert {each["version"] for each in found} == {str(size.versions // size.environments)}
    for each in found[:: max(1, size.environments // 10)]:
        tag = f"env/{each['name']}/{each['version']}"
        newest = versions(project, each["name"], "--limit", "1")[0]
        assert each["is_version"] == (newest["environment_hash"] in git(project, "cat-file", "tag", tag))


def test_a_bare_clone_tells_the_same(project: Project, tmp_path: Path) -> None:
    run(("git", "clone", "--quiet", "--bare", project.folder, tmp_path / "bare.git"))
    bare = Project(folder=tmp_path / "bare.git", cache=project.cache)
    assert listed(bare) == listed(project)
    assert versions(bare, "env1", "--limit", "20") == versions(project, "env1", "--limit", "20")


def test_a_lock_is_found_by_its_hash(project: Project) -> None:
    states = versions(project, "env3")
    for state in (states[1], states[-1]):
        digits = state["image_key"][:16]
        found = json.loads(project.must("diff", f"env3@lock-{digits}", f"env3@{state['commit']}", "--json"))
        assert (found["before"]["locked"], found["different"]) == (True, False)


def test_a_limit_reads_no_more_than_it_needs(tmp_path: Path) -> None:
    """A commit far back is gone: only who reads that far stumbles upon it."""
    project = Project(folder=copied(large_history(SMALL), tmp_path / "clone"), cache=tmp_path / "cache")
    objects = project.folder / ".git" / "objects"
    (objects / "pack").rename(tmp_path / "packs")
    (objects / "pack").mkdir()
    for pack in (tmp_path / "packs").glob("*.pack"):
        run(("sh", "-c", 'git unpack-objects -q < "$1"', "sh", pack), folder=project.folder)
    far = git(project, "rev-parse", "HEAD~300").strip()
    name = _busy(project)
    assert len(versions(project, name, "--limit", "2")) == 2
    (objects / far[:2] / far[2:]).unlink()
    assert len(versions(project, name, "--limit", "2")) == 2
    result = project.call("versions", name)
    assert (result.code, result.stderr.startswith("error: the history cannot be read: ")) == (3, True), result


def _busy(project: Project) -> str:
    """The environment that was locked last."""
    path = git(project, "log", "-1", "--format=", "--name-only", "--no-merges", "--", ":(glob)**/env.lock").strip()
    return path.split("/")[-2].partition("-")[0]
