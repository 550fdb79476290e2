"""The validator finds what is wrong with an image, each thing in its own words."""

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envlock.model.image import CONFIG_TYPE, LAYER_TYPE, MANIFEST_TYPE, Descriptor
from envlock.oci.image import digest_of
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.validate import problems
from tests.support.oci_images import new_layout, small_image

Document = dict[str, Any]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path)


def keep(_document: Document) -> None:
    """Changes nothing."""


def remade(
    layout: Layout, *, manifest: Callable[[Document], object] = keep, config: Callable[[Document], object] = keep
) -> Descriptor:
    """The small image with changes in its documents, digests made right again."""
    of_manifest = json.loads(layout.read(small_image(layout).manifest))
    of_config = json.loads(layout.read(of_manifest["config"]["digest"]))
    config(of_config)
    of_manifest["config"] = layout.put(json.dumps(of_config).encode(), CONFIG_TYPE).json()
    manifest(of_manifest)
    return layout.put(json.dumps(of_manifest).encode(), MANIFEST_TYPE)


def layer_of(layout: Layout) -> tuple[Descriptor, str]:
    """The image's layer, and its diff id."""
    manifest = json.loads(layout.read(small_image(layout).manifest))
    config = json.loads(layout.read(manifest["config"]["digest"]))
    (described,), (diff_id,) = manifest["layers"], config["rootfs"]["diff_ids"]
    return Descriptor(media_type=described["mediaType"], digest=described["digest"], size=described["size"]), diff_id


def overwrite(layout: Layout, digest: str, data: bytes) -> None:
    path = layout.blob_path(digest)
    path.unlink()
    path.write_bytes(data)


def test_what_is_built_is_valid(layout: Layout) -> None:
    image = small_image(layout)
    layout.write_index([IndexEntry(descriptor=image.manifest, os="linux", architecture="amd64")])
    assert problems(layout, image.manifest) == ()


def test_a_remade_image_is_valid(layout: Layout) -> None:
    assert problems(layout, remade(layout)) == ()


@pytest.mark.parametrize("media_type", ["application/vnd.oci.image.layer.v1.tar", LAYER_TYPE])
def test_plain_and_gzip_layers_of_others_are_valid(layout: Layout, media_type: str) -> None:
    layer, _ = layer_of(layout)
    plain = gzip.decompress(layout.blob_path(layer.digest).read_bytes())
    again = layout.put(plain if media_type != LAYER_TYPE else gzip.compress(plain), media_type)
    assert problems(layout, remade(layout, manifest=lambda m: m.update(layers=[again.json()]))) == ()


WRONG_CONFIGS: list[tuple[Callable[[Document], object], str]] = [
    (lambda c: c["rootfs"].update(type="tree"), "config: `rootfs.type` is not `layers`"),
    (lambda c: c["rootfs"].update(diff_ids=[]), "1 layers in the manifest, 0 in the config"),
    (lambda c: c["rootfs"].update(diff_ids=[1]), "config: `rootfs.diff_ids[0]` is 1, expected text"),
    (lambda c: c.pop("os"), "config: `os` is missing"),
    (lambda c: c.update(architecture=1), "config: `architecture` is 1, expected text"),
]
WRONG_MANIFESTS: list[tuple[Callable[[Document], object], str]] = [
    (lambda m: m.update(schemaVersion=1), "manifest: `schemaVersion` is not 2"),
    (lambda m: m.update(mediaType="text/plain"), f"manifest: media type `text/plain`, expected `{MANIFEST_TYPE}`"),
    (lambda m: m["config"].update(mediaType="x/y"), f"config: media type `x/y`, expected `{CONFIG_TYPE}`"),
    (lambda m: m["layers"][0].update(mediaType="x/y"), f"layer 0: media type `x/y`, expected `{LAYER_TYPE}`"),
    (lambda m: m.update(layers=m["layers"] * 2), "2 layers in the manifest, 1 in the config"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "problem"), WRONG_CONFIGS)
def test_a_wrong_config(layout: Layout, change: Callable[[Document], object], problem: str) -> None:
    assert problems(layout, remade(layout, config=change)) == (problem,)


@pytest.mark.parametrize(("change", "problem"), WRONG_MANIFESTS)
def test_a_wrong_manifest(layout: Layout, change: Callable[[Document], object], problem: str) -> None:
    assert problems(layout, remade(layout, manifest=change)) == (problem,)


def test_a_layer_of_other_content(layout: Layout) -> None:
    _, diff_id = layer_of(layout)
    other = layout.put(gzip.compress(b"other"), LAYER_TYPE)
    found = problems(layout, remade(layout, manifest=lambda m: m.update(layers=[other.json()])))
    assert found == (f"layer 0: its tar is {digest_of(b'other')}, the config says {diff_id}",)


def test_a_layer_that_is_cut_off_inside(layout: Layout) -> None:
    layer, _ = layer_of(layout)
    cut = layout.put(layout.blob_path(layer.digest).read_bytes()[:-20], LAYER_TYPE)
    (found,) = problems(layout, remade(layout, manifest=lambda m: m.update(layers=[cut.json()])))
    assert found.startswith("layer 0: not gzip (")


def test_a_layer_that_is_no_gzip(layout: Layout) -> None:
    text = layout.put(b"hello", LAYER_TYPE)
    (found,) = problems(layout, remade(layout, manifest=lambda m: m.update(layers=[text.json()])))
    assert found.startswith("layer 0: not gzip (")


def test_blobs_with_other_bytes(layout: Layout) -> None:
    manifest = small_image(layout).manifest
    layer, _ = layer_of(layout)
    original = layout.blob_path(layer.digest).read_bytes()
    flipped = original[:50] + bytes([original[50] ^ 1]) + original[51:]
    rows = [
        (flipped, f"layer 0: the bytes of `{layer.digest}` are {digest_of(flipped)}"),
        (original[:-1], f"layer 0: `{layer.digest}` has {layer.size - 1} bytes, expected {layer.size}"),
    ]
    for data, problem in rows:
        overwrite(layout, layer.digest, data)
        assert problems(layout, manifest) == (problem,)


def test_blobs_that_are_missing(layout: Layout) -> None:
    manifest = small_image(layout).manifest
    layer, _ = layer_of(layout)
    layout.blob_path(layer.digest).unlink()
    assert problems(layout, manifest) == (f"layer 0: `{layer.digest}` is missing",)
    layout.blob_path(manifest.digest).unlink()
    # nothing below can be judged; what stopped it is told last
    assert problems(layout, manifest)[-1] == f"`{layout.blob_path(manifest.digest)}` is missing"


def test_an_index_that_states_another_platform(layout: Layout) -> None:
    image = small_image(layout)
    layout.write_index([IndexEntry(descriptor=image.manifest, os="linux", architecture="arm64")])
    assert problems(layout, image.manifest) == ("architecture is arm64 in `index.json`, amd64 in the config",)
