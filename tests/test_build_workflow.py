"""`envlock build`: what stands in an image, and what is made anew when something changes."""

import json
import shutil
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.conda_channel import write_channel
from tests.support.conda_package import CondaPackage, PackageFile
from tests.support.projects import Project
from tests.support.tiny_project import TinyProject, tiny_project
from tests.support.tiny_wheels import write_wheel

PREFIX = "opt/env/"


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TinyProject]:
    """Two conda packages and two wheels upon nothing, locked."""
    with tiny_project(tmp_path_factory.mktemp("tiny")) as project:
        project.must("lock")
        yield project


@pytest.fixture
def project(locked: TinyProject, tmp_path: Path) -> TinyProject:
    """The same, to be changed."""
    return locked.elsewhere(tmp_path)


def built(project: Project, *flags: str | Path) -> dict[str, Any]:
    (shown,) = json.loads(project.must("build", "--json", *flags))
    assert isinstance(shown, dict)
    return shown


def made(shown: dict[str, Any]) -> list[str]:
    """The titles of the layers that were made anew."""
    return [layer["title"] for layer in shown["layers"] if layer["came"] == "made"]


def layers(project: Project, shown: dict[str, Any]) -> list[str]:
    """The digests of the layers of an image that was built."""
    manifest = project.cache / "image" / "blobs" / shown["digest"].replace(":", "/")
    return [layer["digest"] for layer in json.loads(manifest.read_bytes())["layers"]]


def image(project: Project, folder: Path) -> tuple[Layout, dict[str, Any], dict[str, Any]]:
    """The image in a layout, its manifest and its config, found right."""
    project.must("build", "--output", folder)
    layout = Layout(folder)
    (listed,) = layout.manifests()
    assert problems(layout, listed.descriptor) == ()
    manifest = json.loads(layout.read(listed.descriptor))
    return layout, manifest, json.loads(layout.blob_path(manifest["config"]["digest"]).read_bytes())


def test_the_image_holds_what_the_local_prefix_holds(project: TinyProject, tmp_path: Path) -> None:
    """The same files with the same content, but for the place that is written into some."""
    layout, manifest, _ = image(project, tmp_path / "layout")
    inside: dict[str, bytes | str] = {}
    for layer in manifest["layers"]:
        with tarfile.open(layout.blob_path(layer["digest"])) as archive:
            for member in archive:
                assert (member.uid, member.gid, member.mtime) == (0, 0, 0)
                if member.isdir():
                    continue
                assert member.name not in inside
                data = archive.extractfile(member)
                inside[member.name.removeprefix(PREFIX)] = data.read() if data else member.linkname
    prefix = tmp_path / "prefix"
    project.must("install", "--prefix", prefix)
    (prefix / "envlock-complete.json").unlink()
    here = {
        str(path.relative_to(prefix)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes().replace(bytes(prefix), b"/opt/env")
        for path in prefix.rglob("*")
        if not path.is_dir()
    }
    assert inside.keys() == here.keys()
    hashes_of_scripts = {name for name in here if name.endswith(".dist-info/RECORD")}
    assert [name for name in here if inside[name] != here[name] and name not in hashes_of_scripts] == []


def test_what_env_toml_says_stands_in_the_config(project: TinyProject, tmp_path: Path) -> None:
    project.manifest.write_text(
        project.manifest.read_text()
        + 'user = "1000:1000"\nworkdir = "/srv"\nentrypoint = ["tool"]\ncmd = ["--help"]\n'
        + '[image.labels]\nteam = "maps"\n[variables]\nMODE = "a b"\n'
    )
    project.must("lock")
    _, manifest, config = image(project, tmp_path / "layout")
    assert config["config"] == {
        "User": "1000:1000",
        "WorkingDir": "/srv",
        "Entrypoint": ["tool"],
        "Cmd": ["--help"],
        "Labels": {"team": "maps"},
        "Env": sorted(
            [
                "CONDA_PREFIX=/opt/env",
                "HOME=/tmp",
                "MODE=a b",
                "PATH=/opt/env/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PYTHONNOUSERSITE=1",
                "USER=user",
            ]
        ),
    }
    assert (config["created"], config["os"], config["architecture"]) == ("1970-01-01T00:00:00Z", "linux", "amd64")
    (shown,) = json.loads(project.must("show", "--json"))
    assert manifest["annotations"]["dev.envlock.lock-hash"] == shown["lock_hash"]
    assert built(project)["name"] == f"tiny:lock-{shown['lock_hash'][:16]}"


def test_an_image_that_was_built_is_not_built_again(project: TinyProject) -> None:
    first = built(project)
    assert made(first) == [layer["title"] for layer in first["layers"]]
    again = project.call("build")
    assert (again.code, again.stdout) == (0, f"tiny@{first['digest']}\n")
    assert ": as it was built before" in again.stderr
    anew = built(project, "--no-cache")
    assert (made(anew), anew["digest"]) == (made(first), first["digest"])


def test_a_setting_changes_no_layer(project: TinyProject) -> None:
    first = built(project)
    project.manifest.write_text(f'{project.manifest.read_text()}workdir = "/srv"\n')
    project.must("lock")
    second = built(project)
    assert made(second) == []
    assert layers(project, second) == layers(project, first)
    assert second["digest"] != first["digest"]


def test_a_new_package_is_a_layer_more(project: TinyProject) -> None:
    first = built(project)
    write_wheel(project.wheels, "delta")
    project.write(pip=["alpha", "delta"])
    project.must("lock")
    second = built(project)
    (title,) = made(second)
    assert "delta 1.0" in title
    assert len({*layers(project, second)} - {*layers(project, first)}) == 1


def test_what_is_taken_out_of_the_cache_is_made_again(project: TinyProject) -> None:
    first = built(project)
    (project.cache / "image" / "blobs" / layers(project, first)[0].replace(":", "/")).unlink()
    second = built(project)
    assert second["digest"] == first["digest"]
    assert made(second) == [first["layers"][0]["title"]]
    shutil.rmtree(project.cache)
    assert built(project)["digest"] == first["digest"]


def test_without_a_network(project: TinyProject, tmp_path: Path) -> None:
    """All is in the cache after one build; nothing is asked, though everything is made anew."""
    first = built(project)
    project.index.requests.clear()
    project.channel_server.requests.clear()
    assert built(project, "--no-cache")["digest"] == first["digest"]
    assert built(project, "--offline", "--no-cache")["digest"] == first["digest"]
    assert (project.index.requests, project.channel_server.requests) == ([], [])


def test_what_is_missing_without_a_network_is_named(project: TinyProject, tmp_path: Path) -> None:
    result = project.call("--quiet", "--offline", "--cache-dir", tmp_path / "empty", "build")
    assert (result.code, result.stdout) == (3, "")
    named = [package.file for package in project.locked().packages if f"`{package.file}`" in result.stderr]
    assert named == [package.file for package in project.locked().packages]


ACTIVATION: dict[str, PackageFile | bytes] = {
    "etc/conda/env_vars.d/app.json": b'{"APP_HOME": "/opt/app", "APP_MODE": "json"}',
    "etc/conda/activate.d/app.sh": b'export APP_MODE=script\nexport APP_TIME="$(date)"\n[ ! "" ] && export NO=1\n',
    "bin/.app-post-link.sh": PackageFile(content=b"#!/bin/sh\ntouch $PREFIX/linked\n", executable=True),
}


NOTES = [
    "note: `app` has link scripts, which are not run: bin/.app-post-link.sh",
    "note: `app` has activation scripts, of which only plain exports are taken over: etc/conda/activate.d/app.sh",
]


def test_what_packages_set_on_activation_is_set(project: TinyProject, tmp_path: Path) -> None:
    """As data, not by running anything: plain values alone."""
    write_channel(project.channel, [CondaPackage(name="app", files=ACTIVATION)])
    project.write(conda=["python", "app"])
    # said when it is locked, when it is built, and when what was built is used again
    for command in (("lock",), ("build", "--output", tmp_path / "layout"), ("build",)):
        result = project.call(*command)
        assert result.code == 0
        assert [line for line in result.stderr.splitlines() if line.startswith("note: ")] == NOTES
    _, _, config = image(project, tmp_path / "again")
    found = {name: value for name, _, value in (text.partition("=") for text in config["config"]["Env"])}
    assert {name: value for name, value in found.items() if name.startswith(("APP", "NO"))} == {
        "APP_HOME": "/opt/app",
        "APP_MODE": "script",
    }
    assert project.must("run", "sh", "-c", "echo $APP_HOME $APP_MODE ${NO-}${APP_TIME-}") == "/opt/app script\n"
    assert not (Path(project.must("install").strip()) / "linked").exists()


def test_one_output_is_for_one_environment(project: TinyProject, tmp_path: Path) -> None:
    result = project.call("build", "tiny", ".", "--output", tmp_path / "layout")
    assert (result.code, result.stdout) == (2, "")
    assert "`--output` takes one environment" in result.stderr
    assert not (tmp_path / "layout").exists()
