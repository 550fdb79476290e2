"""Bases that a Dockerfile makes: locked by what it may copy, built by BuildKit or by the engine itself, and kept."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.images.docker_engine.building import DockerfileBuild, build_dockerfile
from envlock.images.docker_engine.saving import save
from envlock.images.docker_engine.session import session
from envlock.images.dockerfile import read_context
from envlock.images.rootfs import Rootfs
from envlock.model.platform import PLATFORMS
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_config, read_manifest
from envlock.oci.validate import problems
from envlock.system.cache import Cache
from tests.conftest import IndexServers
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.podman import running_podman
from tests.support.projects import Project, new_project
from tests.support.tiny_wheels import write_wheel

DOCKERFILE = "FROM scratch\nENV COLOUR=blue PATH=/usr/bin:/bin\nCOPY . /\n"
MANIFEST = """\
name = "small"
python = "3.11"
[pip]
dependencies = ["alpha"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[image]
dockerfile = "docker/Dockerfile"
"""


def write_root(folder: Path, python: str = "3.11.4") -> None:
    """A context that is a root file system: nothing in it runs, but it says what envlock reads of a base."""
    files = {
        "bin/sh": b"",
        "lib/x86_64-linux-gnu/libc.so.6": b"GNU C Library (tiny) stable release version 2.36.\n",
        "usr/bin/python3.11": b"\0" + python.encode() + b"\0",
        "Dockerfile": DOCKERFILE.encode(),
        ".dockerignore": b"Dockerfile\n*.log\n.dockerignore\n",
        "noise.log": b"one",
    }
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


@pytest.fixture
def project(tmp_path: Path, docker_engine: Engine, index_server: IndexServers) -> Project:
    write_wheel(tmp_path / "wheels", "alpha")
    manifest = MANIFEST.format(index=index_server(tmp_path / "wheels").url)
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache")
    write_root(project.folder / "docker")
    return project.given(DOCKER_HOST=docker_engine.url)


@pytest.fixture(scope="module")
def podman() -> Iterator[Engine]:
    with running_podman() as engine:
        yield engine


def test_a_dockerfile_is_built_once_for_what_it_may_copy(project: Project, docker_engine: Engine) -> None:
    locked = project.call("lock")
    assert locked.code == 0, locked
    assert "linux-64: building docker/Dockerfile" in locked.stderr
    assert "COPY . /" in locked.stderr
    base = project.locked().base
    assert (base.digest, base.glibc, base.interpreter, base.python, base.shell) == (
        None,
        "2.36",
        "/usr/bin/python3.11",
        "3.11.4",
        "/bin/sh",
    )
    assert left(docker_engine) == []

    nowhere = project.given(DOCKER_HOST="unix:///nowhere")
    (project.folder / "docker" / "noise.log").write_text("two")
    assert nowhere.call("check").code == 0
    nowhere.must("lock")
    digest = nowhere.must("build", "--output", project.cache / "layout").strip().rpartition("@")[2]
    layout = Layout(project.cache / "layout")
    assert problems(layout, layout.manifests()[0].descriptor) == ()
    manifest = read_manifest(layout.read(digest), "manifest")
    assert "COLOUR=blue" in read_config(layout.read(manifest.config), "config").variables
    root = Rootfs(layout, manifest.layers)
    there = ("/usr/bin/python3.11", "/opt/env/bin/python", "/opt/env/lib/python3.11/site-packages/alpha.py")
    assert [path for path in there if not root.exists(path)] == []
    assert [path for path in ("/noise.log", "/Dockerfile", "/.dockerignore") if root.exists(path)] == []

    (project.folder / "docker" / "bin" / "sh").write_text("changed")
    stale = nowhere.call("check")
    assert stale.code == 1
    assert "the base of `docker/Dockerfile`: what it is made of has changed: `bin/sh` (env.toml:10)" in stale.stdout
    assert nowhere.call("build").code == 1
    assert nowhere.call("lock").code == 3
    project.must("lock")
    assert project.locked().base.context != base.context
    assert project.call("check").code == 0


def test_a_dockerfile_that_fails_says_its_last_words(project: Project, docker_engine: Engine) -> None:
    (project.folder / "docker" / "Dockerfile").write_text('FROM scratch\nCOPY . /\nRUN ["/bin/sh", "-c", "x"]\n')
    result = project.call("--quiet", "lock")
    assert result.code == 3
    assert result.stderr.startswith("error: `docker/Dockerfile` could not be built\n")
    assert "/bin/sh" in result.stderr.splitlines()[-1]
    assert not project.lockfile.exists()
    assert left(docker_engine) == []


def test_what_it_makes_must_be_what_was_locked(project: Project, docker_engine: Engine) -> None:
    """Another machine builds it anew, and what it stands on may have moved."""
    below, ids = project.cache / "below", []
    for version in ("3.11.4", "3.11.9"):
        write_root(below, version)
        built, _ = docker_engine.client.images.build(path=str(below), tag="localhost/below:1", rm=True)
        ids.append(str(built.id))
        if version == "3.11.4":
            (project.folder / "docker" / "Dockerfile").write_text("FROM localhost/below:1\nENV COLOUR=red\n")
            project.must("lock")
    shutil.rmtree(project.cache)
    try:
        result = project.call("--quiet", "build")
        assert result.code == 3
        assert "`docker/Dockerfile` makes a base with python 3.11.9 now, and 3.11.4 is locked" in result.stderr
        assert "hint: `envlock lock -P base` locks what it makes now" in result.stderr
        project.must("lock", "-P", "base")
        assert project.locked().base.python == "3.11.9"
        project.must("build")
    finally:
        for each in ids:
            docker_engine.client.images.remove(each, force=True)
    assert left(docker_engine) == []


def made_by_its_own_builder(engine: Engine, folder: Path, said: Callable[[str], None]) -> Layout:
    """What an engine without BuildKit makes of a context, brought out of it."""
    write_root(folder / "docker")
    cache = Cache(folder / "cache")
    variables = {"DOCKER_HOST": engine.url}
    with session(variables, cache) as begun:
        held = replace(begun, engine=replace(begun.engine, name="Podman"))
        wanted = DockerfileBuild(
            context=read_context(folder, "docker/Dockerfile"),
            platform=PLATFORMS["linux-64"],
            network=None,
            anew=False,
            stages=folder / "cache",
            environment=variables,
        )
        build_dockerfile(held, wanted, said)
        found = save(held.engine, held.image_name("base"), cache)
    layout = Layout(cache.image_layout)
    assert problems(layout, found) == ()
    layers = read_manifest(layout.read(found), "manifest").layers
    root = Rootfs(layout, layers)
    assert root.exists("/usr/bin/python3.11")
    assert [path for path in ("/noise.log", "/Dockerfile", "/.dockerignore") if root.exists(path)] == []
    return layout


def test_the_classic_builder(tmp_path: Path, docker_engine: Engine) -> None:
    said: list[str] = []
    made_by_its_own_builder(docker_engine, tmp_path, said.append)
    assert any(line.startswith("Step ") for line in said)
    assert left(docker_engine) == []


def test_the_builder_of_podman(tmp_path: Path, podman: Engine) -> None:
    said: list[str] = []
    made_by_its_own_builder(podman, tmp_path, said.append)
    assert any("COPY" in line for line in said)
    assert left(podman) == []
