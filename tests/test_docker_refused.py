"""What an engine cannot do, said in its own words with what to do about it."""

from pathlib import Path

import pytest

from envlock.oci.index import IndexEntry
from tests.conftest import IndexServers
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.layered_images import Member, add_image, add_layer, file, new_layout
from tests.support.projects import Project, new_project
from tests.support.tiny_sources import write_project

MANIFEST = """\
name = "small"
python = "3.11"
platforms = ["linux-aarch64"]
[pip]
dependencies = ["own @ ./own"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[image]
base = "oci:base"
"""


def runnable(name: str, content: bytes) -> Member:
    member, data = file(name, content)
    member.mode = 0o755
    return member, data


def new(tmp_path: Path, index: str, *shell: Member) -> Project:
    layout = new_layout(tmp_path / "base")
    libc = b"GNU C Library (tiny) stable release version 2.36.\n"
    files = (file("lib/aarch64-linux-gnu/libc.so.6", libc), file("usr/bin/python3.11", b"\x003.11.4\x00"), *shell)
    image = add_image(layout, [add_layer(layout, *files)], platform="linux/arm64", variables=["PATH=/usr/bin:/bin"])
    layout.write_index([IndexEntry(descriptor=image, os="linux", architecture="arm64")])
    project = new_project(
        tmp_path / "small", MANIFEST.format(index=index), cache=tmp_path / "cache", base=tmp_path / "base"
    )
    write_project(project.folder / "own", "own", static=True)
    return project


@pytest.mark.parametrize(
    "case",
    [
        ((runnable("bin/sh", b"\x7fELF of another machine"),), "exec format error", "register qemu there"),
        ((), "the base has no `/bin/sh`, by which all is run in a container", "choose a base with a shell"),
    ],
)
def test_programs_that_the_engine_cannot_run(
    tmp_path: Path,
    docker_engine: Engine,
    index_server: IndexServers,
    case: tuple[tuple[Member, ...], str, str],
) -> None:
    shell, message, hint = case
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, index_server(tmp_path / "wheels").url, *shell)
    project = project.given(DOCKER_HOST=docker_engine.url, ENVLOCK_DOCKER_NETWORK="none")
    project.must("lock")
    result = project.call("--quiet", "build")
    assert result.code == 3
    assert message in result.stderr
    assert hint in result.stderr
    assert left(docker_engine, but=("-docker",)) == []


def test_no_engine_is_there(tmp_path: Path, index_server: IndexServers) -> None:
    (tmp_path / "wheels").mkdir()
    project = new(tmp_path, index_server(tmp_path / "wheels").url).given(DOCKER_HOST="unix:///nowhere/docker.sock")
    project.must("lock")
    assert project.call("--quiet", "build")[::2] == (
        3,
        "error: the Docker engine does not answer: No such file or directory (DOCKER_HOST: unix:///nowhere/docker.sock)\n"
        "hint: is it running? `envlock doctor` looks\n",
    )
