"""The environments of examples/: they are locked, and give the images that are recorded here, on any machine."""

import shutil
import tomllib
from pathlib import Path

import pytest

from tests.support.processes import PROJECT, run
from tests.support.projects import Project, cache_with_downloads

EXAMPLES = PROJECT / "examples"
# by image key, as its tag has it: whoever locks an example anew, or changes what is in images, records what comes of it
IMAGES = {
    "serve": ("lock-c68a606d3d531192", "sha256:993c25a67f1774497245c25c80fe8b35a4411e77add7f81962efe245e9c192e0"),
    "train": ("lock-e99f923a385cdd79", "sha256:1f1f234fe053eb7f560afd94aa91f0da50aca59807efc2d56df8ca859ab63177"),
}


def example(name: str, cache: Path) -> Project:
    return Project(folder=EXAMPLES / name, cache=cache)


def copied(name: str, folder: Path, cache: Path) -> Project:
    shutil.copytree(EXAMPLES / name, folder / name)
    run(("git", "init", "--quiet", folder))
    return Project(folder=folder / name, cache=cache)


def test_every_example_is_known_here() -> None:
    assert sorted(path.parent.name for path in EXAMPLES.glob("*/env.toml")) == sorted(IMAGES)


@pytest.mark.parametrize("name", IMAGES)
def test_an_example_is_locked(name: str, tmp_path: Path) -> None:
    project = example(name, tmp_path)
    assert project.call("check", "--offline") == (0, "", "")
    assert tomllib.loads(project.manifest.read_text())["name"] == name


@pytest.mark.parametrize("name", ["serve", pytest.param("train", marks=pytest.mark.full)])
def test_the_same_lock_gives_the_image_that_is_recorded(name: str, tmp_path: Path, shared_cache: Path) -> None:
    project = copied(name, tmp_path, cache_with_downloads(tmp_path / "cache", shared_cache))
    built = project.call("build")
    if "is no longer to be had from" in built.stderr:
        # Debian's mirrors drop what security fixes replace: what anybody does then, and it has to work
        project.must("lock", "-P", "base")
        assert project.must("build").startswith(f"{name}@sha256:")
        return
    tag, digest = IMAGES[name]
    assert f"{name}:{tag}\n" in built.stderr
    assert built[:2] == (0, f"{name}@{digest}\n")
