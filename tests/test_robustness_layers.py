"""A cache whose disk lost a bit: nothing that is not its digest is handed over, and what is wrong is made anew."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.image import Descriptor, Image
from envlock.oci.archive import archive_chunks, export_layout, write_archive
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.oci_images import new_layout, small_image
from tests.support.tiny_base import write_base
from tests.support.tiny_project import PYTHON, TinyProject, failure, tiny_project

NAMES = ("example:1",)


def damage(path: Path) -> None:
    """One bit in the middle becomes another."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)


def streamed(image: Image, _folder: Path) -> None:
    for _ in archive_chunks(image, NAMES):
        pass


def as_archive(image: Image, folder: Path) -> None:
    write_archive(image, NAMES, folder / "image.tar")


def as_layout(image: Image, folder: Path) -> None:
    export_layout(image, folder / "image", NAMES)


@pytest.mark.parametrize("hand_over", [streamed, as_archive, as_layout])
def test_a_damaged_layer_is_never_handed_over(tmp_path: Path, hand_over: Callable[[Image, Path], None]) -> None:
    layout = new_layout(tmp_path / "cache")
    image = small_image(layout)
    (layer,) = read_manifest(layout.read(image.manifest), "it").layers
    out = tmp_path / "out"
    out.mkdir()
    damage(layout.blob_path(layer.digest))
    with pytest.raises(OutsideError) as caught:
        hand_over(image, out)
    assert caught.value.message == f"the cache's layer `{layer.digest}` was damaged and is removed"
    assert caught.value.hint == "build again"
    assert not layout.has(layer.digest)
    assert list(out.iterdir()) == []


def test_what_is_put_over_a_damaged_blob_mends_it(tmp_path: Path) -> None:
    layout = new_layout(tmp_path)
    blob = layout.put(b"a config", "text/plain")
    damage(layout.blob_path(blob.digest))
    assert layout.put(b"a config", "text/plain") == blob
    assert layout.read(blob) == b"a config"


@pytest.fixture
def project(tmp_path: Path) -> Iterator[TinyProject]:
    """Conda packages and wheels upon a base, locked."""
    with tiny_project(tmp_path) as made:
        write_base(made.folder / "base", python=PYTHON.version)
        made.write(base="oci:base")
        made.must("lock")
        yield made


def blobs(project: TinyProject) -> tuple[Layout, list[Descriptor]]:
    """The cache's layout, and the image in it: manifest, config, layers from the lowest up."""
    (shown,) = json.loads(project.must("build", "--json"))
    layout = Layout(project.cache / "image")
    path = layout.blob_path(shown["digest"])
    manifest = Descriptor(media_type="", digest=shown["digest"], size=path.stat().st_size)
    parts = read_manifest(path.read_bytes(), "it")
    return layout, [manifest, parts.config, *parts.layers]


@pytest.mark.parametrize("output", ["image.tar", "image"])
def test_after_a_damaged_layer_the_next_build_makes_it_anew(project: TinyProject, output: str) -> None:
    image = project.must("build", "--output", "good.tar")
    layout, (_, _, *layers) = blobs(project)
    assert len(layers) > 2  # those of packages, and the base's
    for layer in layers:
        damage(layout.blob_path(layer.digest))
        result = project.call("build", "--output", output)
        assert (result.code, result.stdout) == (3, "")
        words = f"the cache's layer `{layer.digest}` was damaged and is removed"
        assert failure(result) == f"error: {words}\nhint: build again\n"
        assert not (project.folder / output).exists()
    assert project.must("build", "--output", output) == image
    project.must("build", "--output", "again.tar")
    assert (project.folder / "again.tar").read_bytes() == (project.folder / "good.tar").read_bytes()


def test_a_damaged_manifest_or_config_is_made_anew(project: TinyProject) -> None:
    image = project.must("build", "--output", "good.tar")
    layout, (manifest, config, *_) = blobs(project)
    for blob in (manifest, config):
        damage(layout.blob_path(blob.digest))
        assert project.must("build", "--output", "image.tar") == image
        assert (project.folder / "image.tar").read_bytes() == (project.folder / "good.tar").read_bytes()
