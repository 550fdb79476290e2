"""`envlock check`, and which environment a command means."""

import json
import shutil
from pathlib import Path

import pytest

from tests.support.locked_project import MANIFEST, locked_project, stale, write_lock
from tests.support.processes import run
from tests.support.projects import Project

REASONS = """\
env.lock does not answer env.toml
  linux-64: `flask>=4` is not met: 3.1.3 is locked (env.toml:5)
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return locked_project(tmp_path / "train")


@pytest.fixture
def repository(tmp_path: Path) -> Project:
    """A repository whose root has no environment, with `train` and `serve` below it."""
    root = tmp_path / "root"
    root.mkdir()
    run(("git", "init", "--quiet", root))
    for name in ("train", "serve"):
        (root / "envs" / name).mkdir(parents=True)
        manifest = root / "envs" / name / "env.toml"
        manifest.write_text(MANIFEST.replace('"train"', f'"{name}"'))
        write_lock(manifest)
    return Project(folder=root, cache=tmp_path / "cache")


def test_a_lock_that_answers(project: Project) -> None:
    for _ in range(2):  # the second time from the kept verdict
        result = project.call("check")
        assert (result.code, result.stdout, result.stderr) == (0, "", "")


def test_a_lock_that_does_not(project: Project) -> None:
    project.must("check")
    stale(project)
    result = project.call("check")
    assert (result.code, result.stdout, result.stderr) == (1, REASONS, "hint: run `envlock lock`\n")


def test_as_json(project: Project) -> None:
    assert json.loads(project.must("check", "--json")) == [
        {"environment": "train", "version": None, "folder": str(project.folder), "answers": True, "problems": []}
    ]
    stale(project)
    result = project.call("check", "--json")
    assert (result.code, result.stderr) == (1, "")
    (answer,) = json.loads(result.stdout)
    assert answer["answers"] is False
    assert answer["problems"][-1] == {
        "kind": "unmet",
        "message": "`flask>=4` is not met: 3.1.3 is locked",
        "platform": "linux-64",
        "subject": "flask>=4",
        "line": 5,
        "file": None,
    }


def test_nothing_is_written_beside_the_files(project: Project) -> None:
    before = {path: path.stat().st_mtime_ns for path in project.folder.iterdir()}
    project.must("check")
    assert {path: path.stat().st_mtime_ns for path in project.folder.iterdir()} == before


def test_a_cache_that_cannot_be_written_costs_no_answer(project: Project) -> None:
    result = project.call("check", "--cache-dir", "/proc/none")
    assert (result.code, result.stdout, result.stderr) == (0, "", "")


def test_several_environments(repository: Project) -> None:
    train = Project(folder=repository.folder / "envs" / "train", cache=repository.cache)
    stale(train)
    result = repository.call("check", "serve", "envs/train")
    assert (result.code, result.stdout, result.stderr) == (
        1,
        REASONS.replace("env.lock does", "train: env.lock does"),
        "hint: run `envlock lock train`\n",
    )


@pytest.mark.parametrize("env", ["train", "envs/train", "./envs/train/", "envs/train/env.toml"])
def test_an_environment_by_name_and_by_path(repository: Project, env: str) -> None:
    (answer,) = json.loads(repository.must("check", env, "--json"))
    assert (answer["environment"], answer["folder"]) == ("train", str(repository.folder / "envs" / "train"))


def test_the_environment_around_the_current_folder(repository: Project) -> None:
    inner = repository.folder / "envs" / "serve" / "src" / "deep"
    inner.mkdir(parents=True)
    (answer,) = json.loads(Project(folder=inner, cache=repository.cache).must("check", "--json"))
    assert answer["environment"] == "serve"


def test_the_only_environment_of_a_repository(repository: Project) -> None:
    shutil.rmtree(repository.folder / "envs" / "serve")
    (answer,) = json.loads(repository.must("check", "--json"))
    assert answer["environment"] == "train"


def test_which_of_several_must_be_said(repository: Project) -> None:
    result = repository.call("check")
    assert (result.code, result.stdout, result.stderr) == (
        2,
        "",
        "error: several environments are here: which one?\n"
        "  serve  envs/serve/env.toml\n"
        "  train  envs/train/env.toml\n"
        "hint: name one\n",
    )


def test_an_unknown_name_lists_what_there_is(repository: Project) -> None:
    result = repository.call("check", "tain")
    assert (result.code, result.stderr) == (
        2,
        "error: no environment `tain`, and no folder of that name with env.toml\n"
        "  serve  envs/serve/env.toml\n"
        "  train  envs/train/env.toml\n"
        "hint: `envlock init` starts one\n",
    )


def test_a_name_that_two_have(repository: Project) -> None:
    serve = Project(folder=repository.folder / "envs" / "serve", cache=repository.cache)
    serve.change('"serve"', '"train"')
    result = repository.call("check", "train")
    assert (result.code, result.stderr) == (
        2,
        "error: several environments are named `train`\n"
        "  train  envs/serve/env.toml\n"
        "  train  envs/train/env.toml\n"
        "hint: give the path of one\n",
    )


def test_a_broken_manifest_hides_no_other(repository: Project) -> None:
    (repository.folder / "envs" / "serve" / "env.toml").write_text("name = [")
    (answer,) = json.loads(repository.must("check", "train", "--json"))
    assert answer["environment"] == "train"


def test_ignored_files_and_submodules_do_not_count(repository: Project, tmp_path: Path) -> None:
    shutil.rmtree(repository.folder / "envs" / "serve")
    (repository.folder / ".gitignore").write_text("build/\n")
    shutil.copytree(repository.folder / "envs" / "train", repository.folder / "build" / "train")
    other = locked_project(tmp_path / "other", name="other", git=True)
    identity = ("-c", "user.name=Kim", "-c", "user.email=kim@example.test")
    run(("git", "-C", other.folder, "add", "."))
    run(("git", "-C", other.folder, *identity, "commit", "--quiet", "-m", "start"))
    add = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", other.folder, "vendor/other")
    run(("git", "-C", repository.folder, *add))
    (answer,) = json.loads(repository.must("check", "--json"))
    assert answer["environment"] == "train"


def test_a_tracked_manifest_counts_though_it_is_ignored(repository: Project) -> None:
    shutil.rmtree(repository.folder / "envs" / "serve")
    run(("git", "-C", repository.folder, "add", "."))
    (repository.folder / ".gitignore").write_text("envs/\n")
    (answer,) = json.loads(repository.must("check", "--json"))
    assert answer["environment"] == "train"


def test_outside_git_only_the_folder_counts(project: Project) -> None:
    inner = project.folder / "src"
    inner.mkdir()
    result = Project(folder=inner, cache=project.cache).call("check")
    assert (result.code, result.stderr) == (
        2,
        "error: no env.toml in this folder\nhint: `envlock init` writes one\n",
    )


def test_a_repository_without_an_environment(tmp_path: Path) -> None:
    run(("git", "init", "--quiet", tmp_path))
    result = Project(folder=tmp_path, cache=tmp_path / "cache").call("check")
    assert (result.code, result.stderr) == (
        2,
        "error: no env.toml in this folder, above it or elsewhere in its repository\nhint: `envlock init` writes one\n",
    )


def test_a_repository_that_cannot_be_read(repository: Project) -> None:
    (repository.folder / ".git" / "index").write_bytes(b"DIRC")
    result = repository.call("check")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith(f"error: the repository `{repository.folder}` cannot be read: ")
    assert result.stderr.endswith("hint: give the path of the environment's folder\n")
