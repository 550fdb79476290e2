"""conda's link scripts: run by the docker engine, and what they made is one layer of the image."""

import json
from pathlib import Path

import pytest

from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.containers import started
from tests.support.docker_engine import Engine
from tests.support.engine_traces import left
from tests.support.layered_images import entries_of
from tests.support.projects import Project, new_project

pytestmark = pytest.mark.usefixtures("base_in_engine")
FIRST = """#!/bin/bash
set -e
echo "$PKG_NAME $PKG_VERSION $PKG_BUILDNUM" > "$PREFIX/share/registry"
"""
SECOND = """#!/bin/sh
echo second >> "$PREFIX/share/registry"     # of the package that this one needs: its script has run
ln -s registry "$PREFIX/share/link"
mkdir -p "$PREFIX/new/empty"
printf '#!/bin/sh\\ncat /opt/env/share/registry\\n' > "$PREFIX/bin/told"
chmod 755 "$PREFIX/bin/told"
echo "registered with the system" >> "$PREFIX/.messages.txt"
echo outside > /etc/outside
"""
FIRST_PACKAGE = CondaPackage(
    name="zfirst",
    build="h0_3",
    build_number=3,
    files={
        "bin/.zfirst-post-link.sh": PackageFile(content=FIRST.encode(), executable=True),
        "share/registry": b"as packed\n",
    },
)


def second(script: str) -> CondaPackage:
    return CondaPackage(
        name="asecond",
        depends=("zfirst",),
        files={"bin/.asecond-post-link.sh": PackageFile(content=script.encode(), executable=True)},
    )


def new(tmp_path: Path, base: Path, engine: Engine, script: str) -> Project:
    channel = write_channel(tmp_path / "channel", [FIRST_PACKAGE, second(script)])
    manifest = (
        f'name = "small"\n[conda]\nchannels = ["{channel.as_uri()}"]\ndependencies = ["asecond"]\n'
        '[image]\nbase = "oci:base"\n'
    )
    project = new_project(tmp_path / "small", manifest, cache=tmp_path / "cache", base=base)
    project = project.given(DOCKER_HOST=engine.url, ENVLOCK_DOCKER_NETWORK="none")
    project.must("lock")
    return project


def test_what_link_scripts_make_is_a_layer(tmp_path: Path, base_image: Path, docker_engine: Engine) -> None:
    project = new(tmp_path, base_image, docker_engine, SECOND)
    result = project.call("build", "--engine", "docker", "--load", "--output", tmp_path / "layout")
    assert result.code == 0, result
    assert "note: a link script says: registered with the system" in result.stderr
    assert "note: link scripts changed /etc/outside, which is not below /opt/env and left out" in result.stderr
    assert "which are not run" not in result.stderr
    name = next(line for line in result.stderr.splitlines() if line.startswith("small:"))
    assert started(docker_engine, name, "told") == "zfirst 1.0 3\nsecond\n"
    assert left(docker_engine, but=("-docker",)) == []

    layout = Layout(tmp_path / "layout")
    (entry,) = layout.manifests()
    top = read_manifest(layout.read(entry.descriptor), "manifest").layers[-1]
    assert entries_of(layout, top) == {
        "opt/env/bin/told": 0o755,
        "opt/env/new": 0o755,
        "opt/env/new/empty": 0o755,
        "opt/env/share/link": 0o777,
        "opt/env/share/registry": 0o644,
    }
    # nothing is run again for an image that only says something else
    project.change("[image]\n", '[image]\nworkdir = "/tmp"\n')
    project.must("lock")
    (again,) = json.loads(project.given(DOCKER_HOST="unix:///nowhere").must("build", "--engine", "docker", "--json"))
    assert {layer["came"] for layer in again["layers"]} == {"cached"}
    # and the embedded engine leaves it at saying so
    embedded = project.call("build")
    assert "`zfirst` has link scripts, which are not run" in embedded.stderr
    assert "-docker" not in embedded.stderr


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("#!/bin/sh\necho no such thing >&2\nexit 7\n", "the link script of `asecond` failed (exit code 7)"),
        ("#!/bin/sh\nmkfifo $PREFIX/pipe\n", "a link script made `/opt/env/pipe`, which is no file"),
    ],
)
def test_link_scripts_that_cannot_be_packed(
    tmp_path: Path, base_image: Path, docker_engine: Engine, script: str, message: str
) -> None:
    project = new(tmp_path, base_image, docker_engine, script)
    result = project.call("--quiet", "build", "--engine", "docker")
    assert result.code == 3
    assert result.stderr.startswith(f"error: {message}")
    assert left(docker_engine, but=("-docker",)) == []
