"""The same lock gives the same image, byte for byte: whoever builds it, where, when and from where."""

import json
import shutil
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import pytest

from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.conftest import IndexServers
from tests.support.http_server import FileServer
from tests.support.processes import run
from tests.support.projects import ENVLOCK, Project, new_project
from tests.support.pythons import envlock_under
from tests.support.services import require
from tests.support.wheels import path as wheel

# what cannot be told by variables: sets it, then becomes the program named
STARTER = """
import os, sys
mask, processors, *command = sys.argv[1:]
os.umask(int(mask, 8))
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:int(processors)])
os.execv(command[0], command)
"""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """Everything that must not matter; `command` is how envlock is called."""

    folder: str = "a"
    umask: str = "022"
    processors: int = 1
    zone: str = "UTC0"
    locale: str = "C.UTF-8"
    seed: str = "0"
    channel: str = "http"
    command: tuple[str | Path, ...] = (ENVLOCK,)


HERE = Surroundings()
ELSEWHERE = Surroundings(
    folder="another folder/with ü/and a name that is longer than the first one's",
    umask="077",
    processors=2,
    zone="XYZ-11:45",
    locale="C",
    seed="4711",
    channel="file",
)
ONE_BY_ONE = {
    name: replace(HERE, **{name: getattr(ELSEWHERE, name)})
    for name in ("folder", "umask", "processors", "zone", "locale", "seed", "channel")
}


class Built(NamedTuple):
    """What an image is known by, and its layers: diff ids and digests."""

    lock_hash: str
    digest: str
    diff_ids: tuple[str, ...]
    layers: tuple[str, ...]


@dataclass(frozen=True)
class Builder:
    """Builds one small environment, from a cold cache, in any surroundings."""

    root: Path
    base: Path
    channels: dict[str, str]
    index: str

    def project(self, around: Surroundings) -> Project:
        manifest = f"""
name = "small"
python = "{sys.version_info.major}.{sys.version_info.minor}"

[conda]
channels = ["{self.channels[around.channel]}"]
dependencies = ["click", "markupsafe"]

[pip]
dependencies = ["itsdangerous"]

[[pip.indexes]]
name = "ours"
url = "{self.index}"
default = true

[image]
base = "oci:base"
"""
        place = self.root / around.folder
        project = new_project(place / "small", manifest, cache=place / "cache", base=self.base)
        starter = (sys.executable, "-c", STARTER, around.umask, str(around.processors))
        variables = {"TZ": around.zone, "LANG": around.locale, "LC_ALL": around.locale, "PYTHONHASHSEED": around.seed}
        return replace(project, variables=variables, command=(*starter, *around.command))

    def build(self, around: Surroundings) -> Built:
        """Locks and builds, then builds again from the warm cache, with the layers kept and without."""
        project = self.project(around)
        project.must("lock")
        cold = built(project, self.root / around.folder / "cold")
        assert built(project, self.root / around.folder / "warm") == cold
        assert built(project, self.root / around.folder / "anew", "--no-cache") == cold
        shutil.rmtree(self.root / around.folder)
        return cold


def built(project: Project, output: Path, *flags: str) -> Built:
    """The image, found to be what it says by us and by skopeo."""
    printed = project.must("build", "--output", output, *flags)
    layout = Layout(output)
    (listed,) = layout.manifests()
    assert problems(layout, listed.descriptor) == ()
    assert printed == f"small@{listed.descriptor.digest}\n"
    inspect = (require("skopeo", "skopeo"), "inspect", f"oci:{output}")
    assert json.loads(run(inspect))["Digest"] == listed.descriptor.digest
    manifest = json.loads(layout.read(listed.descriptor))
    config = json.loads(layout.blob_path(manifest["config"]["digest"]).read_bytes())
    (shown,) = json.loads(project.must("show", "--json"))
    return Built(
        lock_hash=shown["lock_hash"],
        digest=listed.descriptor.digest,
        diff_ids=tuple(config["rootfs"]["diff_ids"]),
        layers=tuple(layer["digest"] for layer in manifest["layers"]),
    )


@pytest.fixture
def builder(
    tmp_path: Path,
    base_image: Path,
    conda_channel: Path,
    conda_channel_http: FileServer,
    index_server: IndexServers,
) -> Builder:
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    shutil.copy(wheel("itsdangerous"), wheels)
    channels = {"http": conda_channel_http.url, "file": conda_channel.as_uri()}
    return Builder(tmp_path / "built", base_image, channels, index_server(wheels).url)


def test_two_builds_that_share_nothing_but_the_lock_are_one_image(builder: Builder) -> None:
    assert builder.build(ELSEWHERE) == builder.build(HERE)


@pytest.mark.full
def test_nothing_of_the_surroundings_matters_by_itself(builder: Builder) -> None:
    expected = builder.build(HERE)
    assert {name: builder.build(around) for name, around in ONE_BY_ONE.items()} == dict.fromkeys(ONE_BY_ONE, expected)


@pytest.mark.full
@pytest.mark.parametrize("minor", ["3.11", "3.12", "3.13"])
def test_the_python_that_runs_envlock_does_not_matter(builder: Builder, minor: str) -> None:
    other = replace(ELSEWHERE, command=envlock_under(minor))
    assert builder.build(other) == builder.build(HERE)
