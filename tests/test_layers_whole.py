"""All that packages bring is in the layers, once; and what changes leaves the layers of everything else alone."""

import json
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from envlock.environments.store import MARKER
from envlock.errors import OutsideError
from envlock.images.recipe import PlannedLayer, require_all
from envlock.model.layers import bin_of
from tests.support.index_server import IndexServer, WheelFolders, serve_index
from tests.support.oci_contents import layer_blobs
from tests.support.projects import Project, manifest_text, new_project
from tests.support.tiny_project import NO_PROXY, TinyProject, tiny_project
from tests.support.tiny_wheels import write_wheel

MANY = [f"many-{number:03}" for number in range(150)]
PREFIX = "opt/env/"
# what tells that a prefix on this machine is whole
OF_THE_PLACE = {MARKER}


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[TinyProject]:
    with tiny_project(tmp_path / "tiny") as project:
        yield project


def members(layout: Path) -> Counter[str]:
    """How often a path of the prefix stands in the layers of an image, folders apart."""
    found: Counter[str] = Counter()
    for blob in layer_blobs(layout):
        with tarfile.open(blob, "r:gz") as layer:
            found.update(m.name.removeprefix(PREFIX) for m in layer if not m.isdir() and m.name.startswith(PREFIX))
    return found


def test_the_layers_have_each_file_of_the_prefix_once(tiny: TinyProject, tmp_path: Path) -> None:
    """Of conda packages and wheels together, beside what is installed on this machine."""
    tiny.must("lock")
    tiny.must("build", "--output", tmp_path / "image")
    tiny.must("install", "--prefix", tmp_path / "prefix")
    prefix = tmp_path / "prefix"
    installed = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_symlink() or path.is_file()}
    found = members(tmp_path / "image")
    assert set(found.values()) == {1}
    assert found.keys() == installed - OF_THE_PLACE
    assert {"bin/alpha", "bin/tool", "bin/python"} <= found.keys()


def test_a_layer_that_is_forgotten_is_noticed() -> None:
    layers = [PlannedLayer(title=title, key=title, count=3, size=1, files=list) for title in ("one", "other")]
    require_all(layers, 6)
    with pytest.raises(OutsideError, match="the layers would have 3 files, and the packages bring 6"):
        require_all(layers[1:], 6)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, IndexServer]]:
    folder = tmp_path_factory.mktemp("many")
    for name in MANY:
        write_wheel(folder, name)
    write_wheel(folder, "added")
    with serve_index(WheelFolders((folder,))) as server:
        yield folder, server


def layers(project: Project) -> dict[str, str]:
    """The blobs of the image by the keys of their layers."""
    project.must("lock")
    output = project.folder.parent / "image"
    project.must("build", "--output", output)
    (listed,) = json.loads((output / "index.json").read_bytes())["manifests"]
    manifest = json.loads((output / "blobs" / listed["digest"].replace(":", "/")).read_bytes())
    return {layer["annotations"]["dev.envlock.layer"]: layer["digest"] for layer in manifest["layers"]}


def test_one_package_beside_150_changes_its_own_layer_and_no_other(
    tmp_path: Path, index: tuple[Path, IndexServer]
) -> None:
    folder, server = index
    text = manifest_text(pip=MANY, index=server.url)
    project = new_project(tmp_path / "many", text, cache=tmp_path / "cache", git=False).given(**NO_PROXY)
    before = layers(project)
    assert len(before) == len({bin_of(f"pip:{name}") for name in MANY})

    project.manifest.write_text(manifest_text(pip=[*MANY, "added"], index=server.url))
    after = layers(project)
    assert len(after.items() - before.items()) == 1
    assert len(before.items() - after.items()) == 1  # the bin that it fell into

    write_wheel(folder, MANY[0], "2.0")
    project.must("lock", "-P", MANY[0])
    newer = layers(project)
    assert len(newer.items() - after.items()) == 1
    assert project.versions()[MANY[0]] == "2.0"
