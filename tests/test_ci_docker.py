"""`envlock ci` of an environment whose image a real engine makes: pushed, found again, and of a pull request."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import IndexServers
from tests.support.base_image import MINOR
from tests.support.built_projects import commit
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.processes import run
from tests.support.projects import Project, new_project
from tests.support.registry import Registry
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_sources import write_project, write_sdist

pytestmark = pytest.mark.usefixtures("base_in_engine")
MANIFEST = """name = "small"
python = "{minor}"
[pip]
dependencies = ["old"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[image]
base = "oci:base"
repository = "{host}/ci-docker/small"
"""


def test_an_image_of_the_docker_engine(
    tmp_path: Path, base_image: Path, docker_engine: Engine, index_server: IndexServers, registry: Registry
) -> None:
    write_sdist(tmp_path / "wheels", write_project(tmp_path / "sources" / "old", "old"), "old")
    index = index_server(tmp_path / "wheels")
    text = MANIFEST.format(minor=MINOR, index=index.url, host=registry.host)
    project = new_project(tmp_path / "small", text, cache=tmp_path / "cache", base=base_image)
    project = project.given(DOCKER_HOST=docker_engine.url, ENVLOCK_DOCKER_NETWORK="none", **NO_PROXY)
    project.must("lock")
    commit(project)
    run(("git", "-C", project.folder, "branch", "--move", "main"))
    pushed = image(project, "--push", "true")
    assert pushed["name"].endswith("-docker")
    assert [(tag["name"].partition("-")[0], tag["what"]) for tag in pushed["tags"]] == [
        ("sha", "new"),
        ("branch", "new"),
    ]
    assert pushed["pushed"]["uploaded_layers"] > 0
    # known by its key: elsewhere, too, no engine is needed
    elsewhere = project.given(DOCKER_HOST="unix:///nowhere", ENVLOCK_CACHE_DIR=str(tmp_path / "empty"))
    again = image(elsewhere, "--push", "true")
    assert (again["digest"], again["cached"], again["pushed"]) == (pushed["digest"], "registry", None)
    assert {tag["what"] for tag in again["tags"]} == {"there"}
    # a proposal of another image is made, and goes nowhere
    project.change('base = "oci:base"', 'base = "oci:base"\nworkdir = "/tmp"')
    project.must("lock")
    asked = image(project, "--base", "HEAD")
    assert (asked["in_registry"], asked["tags"], asked["size_before"]) == (False, [], pushed["size"])
    assert {layer["came"] for layer in asked["layers"]} <= {"made", "cached", "reused"}
    assert left(docker_engine) == []


def image(project: Project, *words: str) -> dict[str, Any]:
    done = project.call("ci", "--json", *words)
    assert done.code == 0, done
    (environment,) = json.loads(done.stdout)["environments"]
    found = environment["image"]
    assert isinstance(found, dict), environment
    return found
