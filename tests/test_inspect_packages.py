"""`envlock inspect --packages`: what an image holds, of an environment that takes its base as it is."""

import json
from pathlib import Path

import pytest

from envlock.images.holdings import Held, holdings
from envlock.images.rootfs import Rootfs
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from tests.support.layered_images import Member, add_image, add_layer, file, folder, new_layout, push
from tests.support.projects import Project, new_project
from tests.support.registry import running_registry

STATUS = b"""Package: libc6
Status: install ok installed
Version: 2.36-9+deb12u10
Description: the C library
 Package: not-one
 .

Package: gone
Status: deinstall ok config-files
Version: 1.0

Package: half
Version: 2
Status: install ok half-configured
"""
SITE = "opt/base/lib/python3.11/site-packages"
HELD = (
    Held(kind="conda", name="openssl", version="3.5.1", place="/opt/conda/conda-meta"),
    Held(kind="debian", name="distroless-base", version="12", place="/var/lib/dpkg/status.d"),
    Held(kind="debian", name="libc6", version="2.36-9+deb12u10", place="/var/lib/dpkg"),
    Held(kind="python", name="zope-interface", version="7.2", place=f"/{SITE}"),
)


def members() -> tuple[list[Member], list[Member]]:
    below = [
        file("var/lib/dpkg/status", STATUS),
        file("var/lib/dpkg/status.d/base", b"Package: distroless-base\nVersion: 12\n"),
        file("var/lib/dpkg/status.d/base.md5sums", b"Package: none\n"),
        file("opt/conda/conda-meta/openssl-3.5.1-h7b32b05_0.json", b"{}"),
        file("opt/conda/conda-meta/history", b""),
        folder(f"{SITE}/zope.interface-7.2.dist-info"),
        folder(f"{SITE}/removed-1.0.dist-info"),
        folder("srv/not-packages/other-1.0.dist-info"),
    ]
    return below, [file(f"{SITE}/.wh.removed-1.0.dist-info")]


def test_what_package_managers_have_left(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    layers = [add_layer(layout, *each) for each in members()]
    assert holdings(Rootfs(layout, layers)) == HELD


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """An environment that takes its base as it is: it asks for no package and says where Python is."""
    manifest = 'name = "own"\n[variables]\nMODE = "prod"\n[image]\nbase = "oci:base"\nuser = "1000"\n'
    project = new_project(tmp_path / "own", manifest, cache=tmp_path / "cache")
    layout = new_layout(project.folder / "base")
    image = add_image(layout, [add_layer(layout, *each) for each in members()], variables=["PATH=/opt/base/bin"])
    layout.write_index([IndexEntry(descriptor=image)])
    return project


def test_an_environment_that_takes_its_base_as_it_is(project: Project) -> None:
    project.must("lock")
    project.must("build")
    told = json.loads(project.must("inspect", "--packages", "--json"))
    assert {tuple(each.values()) for each in told["linux/amd64"]} == {
        (held.kind, held.name, held.version, held.place) for held in HELD
    }
    result = project.call("inspect", "--packages")
    assert result.stderr == "linux/amd64: 4 packages\n"
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0] == ["NAME", "VERSION", "KIND", "RECORDED", "IN"]
    assert [line[0] for line in lines[1:]] == [held.name for held in HELD]
    shown = json.loads(project.must("inspect", "--json"))["platforms"][0]
    assert [layer["part"] for layer in shown["layers"]][:2] == ["base", "base"]
    # what the base sets stays, but for what is said here
    assert {"MODE=prod"} <= set(shown["settings"]["Env"])
    assert any(each.endswith("/opt/base/bin") for each in shown["settings"]["Env"] if each.startswith("PATH="))


def test_an_image_of_a_registry_is_fetched_once(project: Project, tmp_path: Path) -> None:
    with running_registry(tmp_path) as registry:
        layout = Layout(project.folder / "base")
        (entry,) = layout.manifests()
        reference = push(layout, entry.descriptor, registry, "base:1")
        first = project.call("inspect", reference, "--packages", "--insecure", registry.host)
        assert (first.code, "fetching a layer" in first.stderr) == (0, True)
        again = project.call("inspect", reference, "--packages", "--insecure", registry.host)
        assert (again.stdout, "fetching" in again.stderr) == (first.stdout, False)


def test_what_is_not_built_holds_nothing_yet(project: Project) -> None:
    project.must("lock")
    result = project.call("inspect", "--packages")
    assert (result.code, result.stdout) == (1, "")
    assert "is not built yet" in result.stderr
