"""`envlock verify` and `envlock inspect` of images in a real registry, good ones and such as were tampered with."""

import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.cli.verdict_lines import wrong_lines
from envlock.model.image import CONFIG_TYPE, INDEX_TYPE, Descriptor
from envlock.oci.blob import BrokenBlob
from envlock.oci.index import IndexEntry, index_bytes
from envlock.oci.layout import MOST_READ, Layout
from envlock.oci.opened import PLAIN_TYPE
from envlock.system.cache import Cache
from envlock.workflows.context import Context
from envlock.workflows.image_places import image_place
from envlock.workflows.verify import VerifyOptions, verify
from tests.support.index_server import WheelFolders, serve_index
from tests.support.layered_images import file, push
from tests.support.poisoned import Json, Poisoned
from tests.support.processes import run
from tests.support.projects import Project, new_project
from tests.support.registry import Registry, running_registry
from tests.support.tiny_project import NO_PROXY
from tests.support.tiny_wheels import write_wheel

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
MANIFEST = """
name = "train"
python = "{minor}"
platforms = ["linux-64", "linux-aarch64"]
[pip]
dependencies = ["alpha"]
[[pip.indexes]]
name = "ours"
url = "{index}"
default = true
[image]
base = "scratch"
repository = "{host}/acme/train"
"""
RIGHT = """linux-64: 1 package fetched by the lock's hashes; 1 of 1 layer is what they should be
linux-aarch64: 1 package fetched by the lock's hashes; 1 of 1 layer is what they should be
"""


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("registry")) as registry:
        yield registry


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, registry: Registry) -> Iterator[Project]:
    """An image of two platforms in the registry."""
    root = tmp_path_factory.mktemp("remote")
    write_wheel(root / "wheels", "alpha")
    with serve_index(WheelFolders((root / "wheels",))) as index:
        text = MANIFEST.format(minor=MINOR, index=index.url, host=registry.host)
        project = new_project(root / "train", text, cache=root / "cache").given(**NO_PROXY)
        project.must("lock")
        project.must("build", "--push")
        yield project


@pytest.fixture(scope="module")
def name(project: Project) -> str:
    """What the image is called, by its tag."""
    (shown,) = json.loads(project.must("build", "--json"))
    return str(shown["name"])


@pytest.fixture
def copy(project: Project, tmp_path: Path) -> tuple[Layout, Json]:
    """A copy of the image in a layout of its own, and its index."""
    project.must("build", "--output", tmp_path / "image")
    layout = Layout(tmp_path / "image")
    (listed,) = layout.manifests()
    return layout, json.loads(layout.read(listed.descriptor))


def wrong(project: Project, image: str) -> list[str]:
    context = Context(cache=Cache(project.cache), environment=NO_PROXY)
    verdict = verify(image, context, VerifyOptions(start=project.folder))
    assert not verdict.is_good
    return [line.strip() for line in wrong_lines(verdict)]


def pushed(layout: Layout, index: Json, registry: Registry, name: str) -> str:
    """An index that somebody else wrote, under a tag."""
    return push(layout, layout.put(json.dumps(index).encode(), INDEX_TYPE), registry, name)


def test_the_image_that_was_pushed_is_right(project: Project, name: str) -> None:
    assert project.call("verify", name).stdout == RIGHT
    digest = json.loads(project.must("inspect", name, "--json"))["digest"]
    assert project.call("verify", f"{name.rpartition(':')[0]}@{digest}").stdout == RIGHT
    assert list((project.cache / "image").rglob("part-*")) == []


def test_an_image_is_of_the_environment_that_its_repository_is_of(
    project: Project, registry: Registry, name: str, copy: tuple[Layout, Json], tmp_path: Path
) -> None:
    """Not of that which it says: a good image of another one would be right in its place."""
    root = tmp_path / "repository"
    shutil.copytree(project.folder, root / "train", ignore=shutil.ignore_patterns(".git"))
    shutil.copytree(root / "train", root / "serve")
    run(("git", "init", "--quiet", root))
    serve, both = (replace(project, folder=folder) for folder in (root / "serve", root))
    text = serve.manifest.read_text().replace("acme/train", "acme/serve").replace('"train"', '"serve"')
    serve.manifest.write_text(f'{text}[variables]\nMODE = "serving"\n')
    serve.must("lock")
    assert both.call("verify", name).stdout == RIGHT
    evil = pushed(*copy, registry, "acme/serve:branch-main")
    result = both.call("verify", evil)
    assert (result.code, result.stdout.splitlines()[0]) == (1, f"{evil} is not what the lock of `serve` makes")


def test_a_tag_of_another_lock_is_named(
    project: Project, registry: Registry, name: str, copy: tuple[Layout, Json]
) -> None:
    evil = pushed(*copy, registry, "acme/train:lock-0123456789abcdef")
    lines = wrong(project, evil)
    assert lines[1] == f"tag: it is `lock-0123456789abcdef`, expected `{name.rpartition(':')[2]}`"
    assert project.call("verify", pushed(*copy, registry, "acme/train:branch-main")).stdout == RIGHT


def test_entries_that_are_missing_too_many_or_wrong_are_named(
    project: Project, registry: Registry, copy: tuple[Layout, Json]
) -> None:
    layout, index = copy
    amd64, arm64 = index["manifests"]
    other = {**arm64, "platform": {"os": "linux", "architecture": "s390x"}}
    rows = (
        ([amd64], "index: it has no image for linux/arm64, which is locked"),
        ([amd64, arm64, amd64], f"index: `{amd64['digest']}` is another image for linux/amd64"),
        ([amd64, arm64, other], f"index: `{arm64['digest']}` is for linux/s390x, which is not locked"),
        ([amd64, {**amd64, "platform": arm64["platform"]}], 'config: `architecture` is "amd64", expected "arm64"'),
        ([amd64, {**arm64, "annotations": {"a": "b"}}], 'annotations` is {"a": "b"}, expected absent'),
    )
    for number, (entries, words) in enumerate(rows):
        evil = pushed(layout, {**index, "manifests": entries}, registry, f"acme/train:entries-{number}")
        assert any(words in line for line in wrong(project, evil)), words


def test_the_annotations_of_an_index_are_compared(
    project: Project, registry: Registry, copy: tuple[Layout, Json]
) -> None:
    layout, index = copy
    evil = {**index, "annotations": {**index["annotations"], "dev.envlock.image-key": "0" * 64}}
    lines = wrong(project, pushed(layout, evil, registry, "acme/train:annotated"))
    assert any(line.startswith(f'index: `annotations.dev.envlock.image-key` is "{"0" * 64}"') for line in lines)


def test_a_layer_of_one_platform_is_named(
    project: Project, registry: Registry, copy: tuple[Layout, Json], tmp_path: Path
) -> None:
    layout, index = copy
    poisoned = Poisoned.copy_of(layout.root, tmp_path / "poisoned", index["manifests"][1]["digest"])
    poisoned.change_layer(0, lambda members: [*members, file("opt/env/evil")])
    index["manifests"][1] |= poisoned.save().json()
    lines = wrong(project, pushed(poisoned.layout, index, registry, "acme/train:layer"))
    assert "added  opt/env/evil" in lines
    assert lines.count("1 of 1 layer is what they should be") == 1
    assert lines.count("0 of 1 layer are what they should be") == 1


def test_an_index_of_which_no_manifest_can_be_read_is_named(project: Project, copy: tuple[Layout, Json]) -> None:
    layout, index = copy
    for entry in index["manifests"]:
        layout.blob_path(entry["digest"]).unlink()
    lines = wrong(project, f"oci:{layout.root}")
    assert lines.count("its blob is missing") == 2


def test_an_entry_is_compared_also_where_its_layers_are_packed_otherwise(
    project: Project, copy: tuple[Layout, Json], tmp_path: Path
) -> None:
    layout, index = copy
    poisoned = Poisoned.copy_of(layout.root, tmp_path / "poisoned", index["manifests"][1]["digest"])
    poisoned.repack(0, gzip.decompress(poisoned.blob(0).read_bytes()), PLAIN_TYPE)
    entry = index["manifests"][1]
    entry |= poisoned.save().json()
    entry["platform"]["variant"] = "v9"
    top = poisoned.layout.put(json.dumps(index).encode(), INDEX_TYPE)
    (poisoned.layout.root / "index.json").write_bytes(index_bytes([IndexEntry(descriptor=top)]))
    line = f'index: `{entry["digest"]}.platform.variant` is "v9", expected absent'
    assert line in wrong(project, f"oci:{poisoned.layout.root}")


def test_a_config_is_not_read_without_bound(project: Project, name: str) -> None:
    place = image_place(name, Context(cache=Cache(project.cache), environment=NO_PROXY))
    huge = Descriptor(media_type=CONFIG_TYPE, digest=f"sha256:{'0' * 64}", size=MOST_READ + 1)
    with pytest.raises(BrokenBlob, match="more than a document may have"):
        place.read(huge)


def test_bytes_that_the_registry_has_lost_or_changed_are_named(
    project: Project, copy: tuple[Layout, Json], tmp_path: Path
) -> None:
    """As a disk, or somebody with access to it, would do it to the registry's own store."""
    layout, index = copy
    with running_registry(tmp_path) as registry:
        image = pushed(layout, index, registry, "acme/train:broken")
        manifest = json.loads(layout.read(index["manifests"][0]["digest"]))
        digest = manifest["layers"][0]["digest"].removeprefix("sha256:")
        data = registry.root / "docker/registry/v2/blobs/sha256" / digest[:2] / digest / "data"
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 1
        data.write_bytes(bytes(content))
        assert any("came with other bytes" in line for line in wrong(project, image))
        data.write_bytes(bytes(content[:-20]))
        assert any("bytes, expected" in line and "layer 1" in line for line in wrong(project, image))
        shutil.rmtree(data.parent)
        assert any("its blob is missing" in line for line in wrong(project, image))


def test_inspect_shows_what_is_there_and_what_hangs_on_it(project: Project, name: str) -> None:
    shown = project.must("inspect").splitlines()
    assert shown[0] == name
    assert [line for line in shown if line in ("linux/amd64", "linux/arm64")] == []  # several: with their digests
    assert [line.split("  ")[0] for line in shown if line.startswith("linux/")] == ["linux/amd64", "linux/arm64"]
    kinds = [line.split("  ")[2] for line in shown[shown.index("attached") + 1 :]]
    bills = ["bill of materials, CycloneDX (--sbom)", "bill of materials, SPDX (--spdx)"]
    assert sorted(kinds) == sorted([*bills, *bills, "env.lock (--lock)", "provenance (--provenance)"])


def test_documents_that_hang_on_an_image_are_printed(project: Project, name: str) -> None:
    assert project.must("inspect", name, "--lock") == project.lockfile.read_text()
    assert json.loads(project.must("inspect", name, "--sbom"))["bomFormat"] == "CycloneDX"
    assert json.loads(project.must("inspect", name, "--spdx"))["spdxVersion"] == "SPDX-2.3"
    statement = json.loads(project.must("inspect", "--provenance"))
    digest = json.loads(project.must("inspect", name, "--json"))["digest"]
    assert statement["subject"][0]["digest"]["sha256"] == digest.removeprefix("sha256:")


def test_an_image_without_documents_says_so(project: Project, registry: Registry, copy: tuple[Layout, Json]) -> None:
    layout, index = copy
    index["annotations"]["test"] = "alone"
    bare = pushed(layout, index, registry, "acme/train:bare")
    result = project.call("inspect", bare, "--sbom")
    # those on the manifests of its platforms are there all the same
    assert result.code == 0
    result = project.call("inspect", bare, "--lock")
    assert (result.code, result.stdout) == (1, "")
    assert result.stderr == f"error: no lock hangs on {bare}\nhint: `envlock push` attaches one\n"


def test_a_document_that_was_deleted_hides_no_image(project: Project, registry: Registry, tmp_path: Path) -> None:
    """Where a registry keeps no list of what hangs on an image, a tag goes on naming it."""
    other = project.elsewhere(tmp_path)
    other.change("acme/train", "acme/deleted")
    other.must("build", "--push")
    shown = json.loads(other.must("inspect", "--json"))["attached"]
    digest = shown[-1]["digest"].removeprefix("sha256:")
    repository = registry.root / "docker/registry/v2/repositories/acme/deleted"
    shutil.rmtree(repository / "_manifests/revisions/sha256" / digest)
    assert json.loads(other.must("inspect", "--json"))["attached"] == shown[:-1]
