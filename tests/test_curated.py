"""Environments that come with envlock, and those of a catalogue: listed, started from, locked and built; and the one
that commands run in where there is none."""

import json
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from envlock.manifest.reader import read_manifest
from envlock.workflows.curated import curated
from tests.support.processes import PROJECT, run
from tests.support.projects import Project, cache_with_downloads
from tests.support.repository import History

NAMES = [path.parent.name for path in sorted((PROJECT / "envlock" / "curated").glob("*/env.toml"))]
# what PyPI and a Debian mirror do not have, and what is too large to be fetched for a test
ELSEWHERE, LARGE = "pytorch-cpu", "pytorch-cuda"


def empty(folder: Path, cache: Path) -> Project:
    folder.mkdir(parents=True)
    return Project(folder=folder, cache=cache)


def started(name: str, folder: Path, cache: Path) -> Project:
    project = empty(folder, cache)
    project.must("init", "started", "--from", f"curated/{name}")
    return project


def test_all_that_are_owed_are_there() -> None:
    owed = ["dask", "inference", "lightgbm", "minimal", "pytorch-cpu", "pytorch-cuda", "sklearn", "xgboost"]
    assert owed == NAMES
    job = yaml.safe_load((PROJECT / ".github" / "workflows" / "curated.yml").read_text())
    assert sorted(job["jobs"]["build"]["strategy"]["matrix"]["environment"]) == NAMES


def test_they_are_listed_with_what_they_are_for(tmp_path: Path) -> None:
    project = empty(tmp_path / "here", tmp_path / "cache")
    result = project.call("list", "--curated")
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["NAME", "DESCRIPTION"]
    assert [line.split()[0] for line in lines[1:]] == [f"envlock-{name}" for name in NAMES]
    assert result.stderr == "8 environments: `envlock init --from curated/dask` starts from the first\n"
    told = json.loads(project.must("list", "--curated", "--json"))
    assert [each["origin"] for each in told] == [f"curated/{name}" for name in NAMES]
    assert all(each["description"] for each in told)


@pytest.mark.parametrize("name", NAMES)
def test_one_is_started_from_with_its_comments_and_another_name(name: str, tmp_path: Path) -> None:
    project = started(name, tmp_path / "here", tmp_path / "cache")
    text = project.manifest.read_text()
    own = (PROJECT / "envlock" / "curated" / name / "env.toml").read_text()
    assert text == own.replace(f'name = "{name}"', 'name = "started"')
    spec = read_manifest(project.manifest)
    assert (spec.name, spec.python) == ("started", "3.11")
    assert len(own.splitlines()) <= 40


@pytest.mark.parametrize("word", ["envlock-minimal", "curated/envlock-minimal"])
def test_it_is_started_from_by_its_full_name_too(word: str, tmp_path: Path) -> None:
    project = empty(tmp_path / "here", tmp_path / "cache")
    project.must("init", "started", "--from", word)
    assert tomllib.loads(project.manifest.read_text())["name"] == "started"


@pytest.mark.parametrize(
    ("word", "stderr"),
    [
        ("curated/sklern", "error: no curated environment `sklern`\nhint: did you mean `sklearn`?\n"),
        ("curated/..", "error: no curated environment `..`\nhint: `envlock list --curated` lists what there is\n"),
        ("envlock-", "error: no curated environment ``\nhint: `envlock list --curated` lists what there is\n"),
    ],
)
def test_what_is_none_of_them(word: str, stderr: str, tmp_path: Path) -> None:
    project = empty(tmp_path / "here", tmp_path / "cache")
    assert project.call("init", "--from", word) == (2, "", stderr)
    assert list(project.folder.iterdir()) == []


def locked_and_built(name: str, tmp_path: Path, cache: Path) -> None:
    project = started(name, tmp_path / "started", cache)
    project.must("lock")
    built = project.must("build", "--platform", "linux-64")
    assert built.startswith("started@sha256:")
    assert project.must("build", "--platform", "linux-64") == built


@pytest.mark.full
@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("minimal", ELSEWHERE, LARGE)])
def test_it_is_locked_and_built(name: str, tmp_path: Path, shared_cache: Path) -> None:
    locked_and_built(name, tmp_path, cache_with_downloads(tmp_path / "cache", shared_cache))


@pytest.mark.full
def test_one_for_cuda_is_locked(tmp_path: Path) -> None:
    project = started(LARGE, tmp_path / "here", tmp_path / "cache")
    project.must("lock")
    locked = tomllib.loads(project.lockfile.read_text())["platform"]["linux-64"]["pip"]
    assert any(package["name"].startswith("nvidia-") for package in locked)


def test_the_catalogue_of_an_organisation_is_a_repository(tmp_path: Path) -> None:
    history = History(tmp_path / "acme")
    for name in ("train", "serve"):
        folder = tmp_path / "acme" / "envs" / name
        folder.mkdir(parents=True)
        (folder / "env.toml").write_text(f'name = "{name}"\ndescription = "{name}s models"\n')
    run(("git", "init", "--quiet", tmp_path / "acme"))
    history.commit("two")
    project = empty(tmp_path / "here", tmp_path / "cache")
    url = f"file://{tmp_path}/acme"
    result = project.call("list", url)
    rows = [line.split(maxsplit=1) for line in result.stdout.splitlines()]
    assert rows == [["NAME", "DESCRIPTION"], ["serve", "serves models"], ["train", "trains models"]]
    assert result.stderr.endswith(f"2 environments: `envlock init --from {url}#serve` starts from the first\n")
    result = project.call("init", "mine", "--from", f"{url}#train")
    assert result.stderr.endswith("wrote env.toml, .gitattributes\nnext: `envlock lock` chooses versions\n")
    assert tomllib.loads(project.manifest.read_text()) == {"name": "mine", "description": "trains models"}


def test_a_command_without_an_environment_runs_in_the_default_one_which_can_be_built(
    tmp_path: Path, shared_cache: Path
) -> None:
    project = empty(tmp_path / "here", cache_with_downloads(tmp_path / "cache", shared_cache))
    words = ("run", "--", "python", "-c", "import sys; print(sys.prefix)")
    first = project.call(*words)
    assert first.code == 0
    assert first.stdout.startswith(str(tmp_path / "cache" / "prefixes"))
    said = "no env.toml in this folder: this runs in envlock-minimal, which is Python alone\n"
    assert first.stderr.startswith(said)
    assert project.call(*words) == (0, first.stdout, said)
    assert project.call("--offline", *words) == (0, first.stdout, said)
    assert list(project.folder.iterdir()) == []
    # who names one means that, and other commands have no default
    assert project.call("run", "-e", "train", "--", "true").code == 2
    assert project.call("show").code == 2
    # what it is made of is here by now
    locked_and_built("minimal", tmp_path, project.cache)


def test_the_default_one_is_python_alone() -> None:
    minimal = next(each for each in curated() if each.name == "envlock-minimal")
    spec = read_manifest(PROJECT / "envlock" / minimal.origin / "env.toml")
    assert not any(spec.all_wants(platform) for platform in spec.platforms)
    assert spec.python == f"{sys.version_info.major}.11"
