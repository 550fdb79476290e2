"""`envlock init`: what it writes, and what it refuses."""

from pathlib import Path

import pytest

from envlock.manifest.reader import read_manifest
from tests.support.processes import run
from tests.support.projects import Project

ATTRIBUTES = "env.lock text eol=lf merge=envlock diff=envlock linguist-generated\nenv.toml text merge=envlock\n"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A folder with nothing in it yet."""
    folder = tmp_path / "serve"
    folder.mkdir()
    return Project(folder=folder, cache=tmp_path / "cache")


def test_an_environment_is_started(project: Project) -> None:
    result = project.call("init", "train", "--python", "3.11", "--conda", "numpy >=1.26", "--pip", "flask >=3")
    assert (result.code, result.stdout, result.stderr) == (0, "", "wrote env.toml, .gitattributes\n")
    spec = read_manifest(project.manifest)
    assert (spec.name, spec.python) == ("train", "3.11")
    assert spec.conda.dependencies == ("numpy >=1.26",)
    assert spec.pip.dependencies == ("flask>=3",)
    assert (project.folder / ".gitattributes").read_text() == ATTRIBUTES


def test_without_a_name_it_is_the_folders(project: Project) -> None:
    assert project.must("--quiet", "init") == ""
    spec = read_manifest(project.manifest)
    assert (spec.name, spec.python, spec.base) == ("serve", "3.12", "python:3.12-slim")


def test_channels_and_base_are_taken_over(project: Project) -> None:
    project.must(
        "init", "--conda", "python", "--channel", "bioconda", "--channel", "conda-forge", "--base", "debian:12"
    )
    spec = read_manifest(project.manifest)
    assert (spec.conda.channels, spec.base) == (("bioconda", "conda-forge"), "debian:12")


def test_what_is_there_stays(project: Project) -> None:
    project.manifest.write_text("# mine\n")
    result = project.call("init")
    assert (result.code, result.stdout, result.stderr) == (
        2,
        "",
        "error: `env.toml` is here already\nhint: edit it, or go to another folder\n",
    )
    assert project.manifest.read_text() == "# mine\n"
    assert not (project.folder / ".gitattributes").exists()


def test_gitattributes_are_completed_once(project: Project) -> None:
    (project.folder / ".gitattributes").write_text("*.png binary\n")
    assert project.call("init").stderr == "wrote env.toml, .gitattributes\n"
    assert (project.folder / ".gitattributes").read_text() == f"*.png binary\n{ATTRIBUTES}"
    project.manifest.unlink()
    assert project.call("init").stderr == "wrote env.toml\n"


def test_in_a_repository_its_root_has_the_lines_for_all(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    said = []
    for name in ("train", "serve"):
        (root / "envs" / name).mkdir(parents=True)
        run(("git", "init", "--quiet", root))
        said.append(Project(folder=root / "envs" / name, cache=tmp_path / "cache").call("init").stderr)
    assert said == ["wrote env.toml, ../../.gitattributes\n", "wrote env.toml\n"]
    assert (root / ".gitattributes").read_text() == ATTRIBUTES


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["Train"], "`Train` cannot be an environment's name: expected lower-case letters and digits"),
        (["a.lock"], "`a.lock` cannot be an environment's name: must not end in `.lock`"),
        (["envlock-base"], "`envlock-base` cannot be an environment's name: names beginning with `envlock-`"),
        (["--python", "2.7"], "expected a version such as `3.11`"),
        (["--pip", "flask >>3"], "flask >>3"),
        (["--conda", "numpy ==="], "numpy ==="),
        (["--base", "http://x"], "expected an image such as"),
        (["--channel", "https://me:pw@c.test/x"], "holds credentials"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(project: Project, arguments: list[str], message: str) -> None:
    result = project.call("init", *arguments)
    assert (result.code, result.stdout) == (2, "")
    assert message in result.stderr
    assert list(project.folder.iterdir()) == []


def test_a_folder_whose_name_cannot_be_an_environments(tmp_path: Path) -> None:
    folder = tmp_path / "My Project"
    folder.mkdir()
    result = Project(folder=folder, cache=tmp_path / "cache").call("init")
    assert (result.code, result.stderr) == (
        2,
        "error: `My Project`, this folder's name, cannot be an environment's\nhint: give one: `envlock init NAME`\n",
    )


def test_a_folder_that_cannot_be_written() -> None:
    result = Project(folder=Path("/proc"), cache=Path("/proc/none")).call("init", "train")
    assert (result.code, result.stdout) == (3, "")
    assert result.stderr.startswith("error: no such file or directory: `/proc/")
