"""Bases from layout folders: found inside the repository, copied whole, checked."""

import os
from pathlib import Path

import pytest

from envlock.errors import EnvlockError, OutsideError, UserInputError
from envlock.images.base import base_folder, copy_base, open_base
from envlock.model.image import Descriptor
from envlock.model.platform import PLATFORMS
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.base_image import digest as digest_of
from tests.support.layered_images import add_image, add_index, add_layer, file, new_layout

LINUX = PLATFORMS["linux-64"]


@pytest.fixture
def source(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "repository/env/base")


@pytest.fixture
def target(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "target")


def image(layout: Layout, text: bytes, platform: str = "linux/amd64") -> Descriptor:
    return add_image(layout, [add_layer(layout, file("text", text))], platform=platform)


def listed(layout: Layout, *manifests: Descriptor) -> None:
    """Sets index.json, without platforms, as skopeo writes it."""
    layout.write_index(IndexEntry(descriptor=manifest) for manifest in manifests)


def blobs_of(layout: Layout, manifest: Descriptor) -> set[str]:
    return {manifest.digest, *(blob.digest for blob in read_manifest(layout.read(manifest), "it").blobs)}


def stored(layout: Layout) -> set[str]:
    return {f"sha256:{path.name}" for path in layout.blobs.iterdir()}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An environment's folder in a repository, beside which lies another layout."""
    (tmp_path / "repository/.git").mkdir(parents=True)
    for folder in ("repository/env/base", "repository/shared", "outside"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "repository/env/link").symlink_to("../../outside")
    return tmp_path / "repository/env"


@pytest.mark.parametrize(
    ("reference", "folder"),
    [
        ("debian:trixie-slim", None),
        ("registry.test/oci:1", None),
        ("oci:base", "env/base"),
        ("oci:./base/", "env/base"),
        ("oci:../shared", "shared"),
    ],
)
def test_what_a_reference_means(project: Path, reference: str, folder: str | None) -> None:
    assert base_folder(reference, project) == (project.parent / folder if folder else None)


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("oci:nothing", "base `oci:nothing`: there is no folder `nothing` beside env.toml"),
        ("oci:../../outside", "base `oci:../../outside` leaves the repository"),
        ("oci:link", "base `oci:link` leaves the repository"),
        ("oci:base/../../../outside", "base `oci:base/../../../outside` leaves the repository"),
        ("oci:/", "base `oci:/` leaves the repository"),
    ],
)
def test_folders_that_cannot_be(project: Path, reference: str, message: str) -> None:
    with pytest.raises(UserInputError) as caught:
        base_folder(reference, project)
    assert caught.value.message == message


def test_outside_of_git_the_environment_s_folder_is_all(project: Path) -> None:
    (project.parent / ".git").rmdir()
    with pytest.raises(UserInputError, match="leaves the repository"):
        base_folder("oci:../shared", project)


def test_a_real_base_is_copied_and_opened(base_image: Path, target: Layout) -> None:
    descriptor = copy_base(base_image, target, LINUX)
    assert descriptor.digest == digest_of(base_image)
    base = open_base("oci:base", target, descriptor)
    assert stored(target) == stored(Layout(base_image))
    assert base.manifest == Layout(base_image).read(descriptor)
    assert base.search_path[-2:] == ("/sbin", "/bin")
    assert [layer.digest for layer in base.layers] == [
        layer.digest for layer in read_manifest(base.manifest, "it").layers
    ]


def test_the_image_for_the_platform_is_taken(source: Layout, target: Layout) -> None:
    arm, intel = image(source, b"arm", "linux/arm64"), image(source, b"intel")
    listed(source, arm, intel)
    assert copy_base(source.root, target, LINUX) == intel
    assert stored(target) == blobs_of(source, intel)


def test_indexes_in_the_index_are_looked_into(source: Layout, target: Layout) -> None:
    arm, intel = image(source, b"arm", "linux/arm64"), image(source, b"intel")
    entries = [
        IndexEntry(descriptor=arm, os="linux", architecture="arm64"),
        IndexEntry(descriptor=intel, os="linux", architecture="amd64"),
        IndexEntry(descriptor=image(source, b"attestation"), os="unknown", architecture="unknown"),
    ]
    listed(source, add_index(source, [IndexEntry(descriptor=add_index(source, entries))]), intel)
    assert copy_base(source.root, target, LINUX) == intel


def test_the_locked_digest_is_taken(source: Layout, target: Layout) -> None:
    first, second = image(source, b"first"), image(source, b"second")
    listed(source, first, second)
    assert copy_base(source.root, target, LINUX, digest=second.digest) == second
    assert stored(target) == blobs_of(source, second)


def test_what_is_there_is_not_copied_again(source: Layout, target: Layout) -> None:
    manifest = image(source, b"once")
    listed(source, manifest)
    copy_base(source.root, target, LINUX)
    before = {path.name: path.stat() for path in target.blobs.iterdir()}
    copy_base(source.root, target, LINUX)
    after = {path.name: path.stat() for path in target.blobs.iterdir()}
    assert {name: (stat.st_ino, stat.st_mtime_ns) for name, stat in before.items()} == {
        name: (stat.st_ino, stat.st_mtime_ns) for name, stat in after.items()
    }


def refused(source: Layout, target: Layout, digest: str | None = None) -> EnvlockError:
    with pytest.raises(EnvlockError) as caught:
        copy_base(source.root, target, LINUX, digest=digest)
    return caught.value


def test_one_image_is_a_base(source: Layout, target: Layout) -> None:
    listed(source, image(source, b"arm", "linux/arm64"))
    assert refused(source, target).message == f"`{source.root}` has no image for linux/amd64, only for linux/arm64"
    listed(source, image(source, b"first"), image(source, b"second"))
    error = refused(source, target)
    assert error.message == f"`{source.root}` holds 2 images for linux/amd64, and a base is one"
    assert isinstance(error, UserInputError)
    assert not target.blobs.exists()


def test_a_locked_digest_that_is_gone(source: Layout, target: Layout) -> None:
    listed(source, image(source, b"new"))
    digest = f"sha256:{'1' * 64}"
    error = refused(source, target, digest)
    assert error.message == f"`{source.root}` has no image with the locked digest {digest}"
    assert error.hint == "lock what it has: `envlock lock -P base`"


def test_a_blob_that_was_changed(source: Layout, target: Layout) -> None:
    manifest = image(source, b"good")
    listed(source, manifest)
    (layer,) = read_manifest(source.read(manifest), "it").layers
    path = source.blob_path(layer.digest)
    content = path.read_bytes()
    for broken, words in (
        (content[:-1] + b"x", f"expected {layer.digest}"),
        (content[:-1], f"has {layer.size - 1} bytes, expected {layer.size}"),
        (content + b"x", f"has more than {layer.size} bytes"),
    ):
        path.chmod(0o644)
        path.write_bytes(broken)
        assert words in refused(source, target).message
        assert not target.has(layer)
        assert not target.has(manifest.digest)


def test_a_manifest_that_was_changed(source: Layout, target: Layout) -> None:
    manifest = image(source, b"good")
    listed(source, manifest)
    path = source.blob_path(manifest.digest)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes() + b" ")
    assert refused(source, target).message.startswith(f"`{path}` is broken: its digest is sha256:")


def test_a_layout_that_is_not_whole(source: Layout, target: Layout) -> None:
    manifest = image(source, b"half")
    listed(source, manifest)
    (layer,) = read_manifest(source.read(manifest), "it").layers
    source.blob_path(layer.digest).unlink()
    error = refused(source, target)
    assert error.message == f"`{source.blob_path(layer.digest)}` is missing"
    assert isinstance(error, OutsideError)
    (source.root / "oci-layout").unlink()
    assert "is not an OCI image layout" in refused(source, target).message


def test_indexes_without_end(source: Layout, target: Layout) -> None:
    inner = image(source, b"deep")
    for _ in range(6):
        inner = add_index(source, [IndexEntry(descriptor=inner)])
    listed(source, inner)
    assert refused(source, target).message == f"`{source.root}` nests indexes deeper than 3"


def test_no_file_outside_of_the_layout_is_read(source: Layout, target: Layout, tmp_path: Path) -> None:
    """A digest that is a path never becomes one."""
    (tmp_path / "secret").write_text("secret")
    manifest = image(source, b"x")
    content = source.read(manifest).replace(
        read_manifest(source.read(manifest), "it").config.digest.encode(),
        f"sha256:{os.path.relpath(tmp_path / 'secret', source.blobs)}".encode(),
    )
    listed(source, source.put(content, manifest.media_type))
    assert "expected a digest" in refused(source, target).message
