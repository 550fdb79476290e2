"""Pulling from a real registry."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.image import DOCKER_LIST_TYPE, DOCKER_MANIFEST_TYPE, INDEX_TYPE, Descriptor
from envlock.model.platform import PLATFORMS, Platform
from envlock.model.reference import Reference, parse_reference
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.registry.found import read_found
from envlock.system.http import Http
from tests.support.base_image import digest as digest_of
from tests.support.layered_images import add_image, add_index, add_layer, file, new_layout, push
from tests.support.registry import Registry

LINUX = PLATFORMS["linux-64"]
RISC = Platform(name="linux-riscv64", architecture="riscv64", machine="riscv64")


def client(*, offline: bool = False) -> RegistryClient:
    return RegistryClient(Http(offline=offline), Credentials({}))


@pytest.fixture
def source(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "source")


@pytest.fixture
def target(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "target")


def image(layout: Layout, text: bytes, platform: str = "linux/amd64") -> Descriptor:
    """Two layers of its own and one that is in it twice."""
    own, shared = add_layer(layout, file("own", text)), add_layer(layout, file("shared", b"shared"))
    return add_image(layout, [shared, own, shared], platform=platform)


def blobs_of(layout: Layout, manifest: Descriptor) -> set[str]:
    return {manifest.digest, *(blob.digest for blob in read_manifest(layout.read(manifest), "it").blobs)}


def stored(layout: Layout) -> set[str]:
    return {f"sha256:{path.name}" for path in layout.blobs.iterdir()}


def test_the_base_image_comes_whole(base_image: Path, base_reference: str, target: Layout) -> None:
    reference = parse_reference(base_reference)
    resolved = client().resolve(reference, LINUX)
    assert resolved.digest == digest_of(base_image)
    assert client().pull(reference.at(resolved.digest), target) == resolved
    for path in Layout(base_image).blobs.iterdir():
        assert (target.blobs / path.name).read_bytes() == path.read_bytes()


def test_a_digest_stands_for_itself(registry: Registry, source: Layout, target: Layout) -> None:
    manifest = image(source, b"by digest")
    reference = parse_reference(push(source, manifest, registry, "by/digest:1")).at(manifest.digest)
    assert client().resolve(reference, LINUX) == manifest
    assert client().pull(reference, target) == manifest
    assert stored(target) == blobs_of(source, manifest)


def entry(manifest: Descriptor, platform: str) -> IndexEntry:
    os, architecture, *variant = platform.split("/")
    return IndexEntry(descriptor=manifest, os=os, architecture=architecture, variant=variant[0] if variant else None)


@pytest.mark.parametrize(
    ("platforms", "chosen"),
    [
        (("linux/arm64/v8", "linux/amd64", "unknown/unknown"), 1),
        (("linux/amd64/v3", "linux/amd64/v2", "linux/amd64"), 2),
        (("linux/amd64/v3", "linux/amd64/v2", "windows/amd64"), 1),
        (("linux/amd64", "linux/amd64"), 0),
    ],
)
def test_an_index_is_resolved_for_the_platform(
    registry: Registry, source: Layout, target: Layout, platforms: tuple[str, ...], chosen: int
) -> None:
    manifests = [image(source, f"{n}".encode(), "/".join(p.split("/")[:2])) for n, p in enumerate(platforms)]
    index = add_index(source, [entry(m, p) for m, p in zip(manifests, platforms, strict=True)])
    reference = parse_reference(push(source, index, registry, "many/platforms:1"))
    for asked in (reference, reference.at(index.digest)):
        assert client().resolve(asked, LINUX) == manifests[chosen]
    client().pull(reference.at(manifests[chosen].digest), target)
    assert stored(target) == blobs_of(source, manifests[chosen])


def test_a_platform_that_is_not_there_is_told_with_those_that_are(registry: Registry, source: Layout) -> None:
    manifest = image(source, b"of arm", "linux/arm64")
    entries = [entry(manifest, p) for p in ("linux/arm64/v8", "linux/amd64", "unknown/unknown")]
    index = parse_reference(push(source, add_index(source, entries), registry, "no/riscv:1"))
    single = parse_reference(push(source, manifest, registry, "only/arm:1"))
    for reference, platform, there in (
        (index, RISC, "linux/amd64, linux/arm64/v8"),
        (single, LINUX, "linux/arm64"),
        (single.at(manifest.digest), LINUX, "linux/arm64"),
    ):
        with pytest.raises(OutsideError) as caught:
            client().resolve(reference, platform)
        wanted = f"linux/{platform.architecture}"
        assert caught.value.message == f"`{reference}` has no image for {wanted}, only for {there}"
        assert caught.value.hint == f"choose an image that has {wanted}"


def test_docker_s_media_types_stay(registry: Registry, source: Layout, target: Layout) -> None:
    manifest = image(source, b"docker")
    reference = parse_reference(push(source, manifest, registry, "of/docker:1", option="--format=v2s2"))
    resolved = client().resolve(reference, LINUX)
    assert resolved.media_type == DOCKER_MANIFEST_TYPE
    assert client().pull(reference.at(resolved.digest), target) == resolved
    layers = read_manifest(target.read(resolved), "it").layers
    assert {layer.media_type for layer in layers} == {"application/vnd.docker.image.rootfs.diff.tar.gzip"}
    assert stored(target) - {resolved.digest} == blobs_of(source, manifest) - {manifest.digest}


def asked(registry: Registry, before: int) -> list[str]:
    """The paths of the requests in the registry's log from `before` on."""
    lines = registry.log.read_text().splitlines()[before:]
    return [line.split('"GET ')[1].split()[0] for line in lines if line.startswith("127.0.0.1 ") and '"GET ' in line]


def lines(registry: Registry) -> int:
    return len(registry.log.read_text().splitlines())


def test_only_what_is_missing_is_asked_for(registry: Registry, source: Layout, target: Layout) -> None:
    first, second = image(source, b"first"), image(source, b"second")
    reference = parse_reference(push(source, first, registry, "re/use:1"))
    push(source, second, registry, "re/use:2")
    client().pull(reference.at(first.digest), target)
    before = lines(registry)
    seen: list[tuple[int, int]] = []
    client().pull(reference.at(second.digest), target, lambda _what, done, of: seen.append((done, of)))
    new = blobs_of(source, second) - blobs_of(source, first)
    assert {path.rpartition("/")[2] for path in asked(registry, before)} == new
    sizes = {blob.digest: blob.size for blob in read_manifest(source.read(second), "it").blobs}
    whole = sum(size for digest, size in sizes.items() if digest in new)
    assert seen[-1] == (whole, whole)


def test_what_is_there_needs_no_network(registry: Registry, source: Layout, target: Layout) -> None:
    manifest = image(source, b"there")
    reference = parse_reference(push(source, manifest, registry, "there/already:1")).at(manifest.digest)
    client().pull(reference, target)
    assert client(offline=True).pull(reference, target) == manifest
    target.blob_path(read_manifest(source.read(manifest), "it").layers[0].digest).unlink()
    with pytest.raises(OutsideError, match="is needed, and this is --offline"):
        client(offline=True).pull(reference, target)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("not/there:1", "manifest unknown"),
        ("base:not-there", "manifest unknown"),
        (f"base@sha256:{'1' * 64}", "unknown"),
    ],
)
def test_an_image_that_is_not_there(registry: Registry, base_reference: str, name: str, words: str) -> None:
    reference = parse_reference(f"{registry.host}/{name}")
    with pytest.raises(OutsideError, match=words) as caught:
        client().resolve(reference, LINUX)
    assert caught.value.message.startswith(f"`{reference}` is not there (GET http://")


def test_a_blob_that_was_changed_in_the_registry_is_refused(registry: Registry, source: Layout, target: Layout) -> None:
    manifest = image(source, b"tampered with")
    reference = parse_reference(push(source, manifest, registry, "tampered:1")).at(manifest.digest)
    layer = read_manifest(source.read(manifest), "it").layers[1]
    hexadecimal = layer.digest.partition(":")[2]
    (blob,) = registry.root.glob(f"**/blobs/sha256/*/{hexadecimal}/data")
    kept = shutil.copy(blob, blob.with_name("kept"))
    content = bytearray(blob.read_bytes())
    content[-1] ^= 1
    blob.write_bytes(content)
    with pytest.raises(OutsideError) as caught:
        client().pull(reference, target)
    assert layer.digest in caught.value.message
    assert caught.value.message.count("sha256:") == 2
    assert layer.digest not in stored(target)
    assert manifest.digest not in stored(target)
    Path(kept).replace(blob)
    client().pull(reference, target)
    assert stored(target) == blobs_of(source, manifest)


def test_a_manifest_that_was_changed_in_the_registry_is_refused(
    registry: Registry, source: Layout, target: Layout
) -> None:
    manifest = image(source, b"with another manifest")
    reference = parse_reference(push(source, manifest, registry, "tampered:2")).at(manifest.digest)
    (blob,) = registry.root.glob(f"**/blobs/sha256/*/{manifest.digest.partition(':')[2]}/data")
    document = json.loads(blob.read_bytes())
    blob.write_text(json.dumps(document | {"layers": document["layers"][:1]}))
    with pytest.raises(OutsideError):
        client().pull(reference, target)
    assert not target.blobs.exists()


def test_a_pull_is_by_digest(target: Layout) -> None:
    with pytest.raises(ValueError, match="resolve the tag first"):
        client().pull(Reference(registry="registry.test", repository="a", tag="1"), target)


def test_what_is_found_is_told_with_its_type(registry: Registry, source: Layout) -> None:
    manifest = image(source, b"found")
    index = add_index(source, [entry(manifest, "linux/amd64")])
    for pushed, name in ((manifest, "found/manifest:1"), (index, "found/index:1")):
        reference = parse_reference(push(source, pushed, registry, name))
        for asked in (reference, reference.at(pushed.digest)):
            found = client().find(asked)
            assert found
            assert (found.descriptor, found.content) == (pushed, source.read(pushed))
            assert client().get(asked) == found
        assert client().knows(reference.at(pushed.digest))
        assert not client().knows(reference.at(f"sha256:{'1' * 64}"))
        assert client().find(replace(reference, tag="2")) is None


@pytest.mark.parametrize(
    ("stated", "told"),
    [
        (INDEX_TYPE, INDEX_TYPE),
        (f"{DOCKER_LIST_TYPE}; charset=utf-8", DOCKER_LIST_TYPE),
        ("application/json", INDEX_TYPE),
        ("", INDEX_TYPE),
    ],
)
def test_an_index_that_does_not_say_its_type_is_what_the_registry_says(stated: str, told: str) -> None:
    content = b'{"schemaVersion": 2, "manifests": []}'
    reference = parse_reference("registry.test/some/index:1")
    assert read_found(reference, content, stated).descriptor.media_type == told
    said = content.replace(b"2,", f'2, "mediaType": "{INDEX_TYPE}",'.encode())
    assert read_found(reference, said, DOCKER_LIST_TYPE).descriptor.media_type == INDEX_TYPE


@pytest.mark.parametrize("content", [b"{}", b"[]", b"<html>", b'{"layers": [], "manifests": []}'])
def test_what_is_no_image_is_not_found(content: bytes) -> None:
    with pytest.raises(OutsideError):
        read_found(parse_reference("registry.test/some/page:1"), content, INDEX_TYPE)


def test_what_is_read_at_once_is_small(registry: Registry, source: Layout) -> None:
    manifest = image(source, b"read at once")
    reference = parse_reference(push(source, manifest, registry, "read/at-once:1"))
    config = read_manifest(source.read(manifest), "it").config
    assert client().read(reference, config) == source.read(config)
    with pytest.raises(OutsideError, match="more than is read at once"):
        client().read(reference, replace(config, size=(4 << 20) + 1))
    with pytest.raises(OutsideError, match="expected"):
        client().read(reference, replace(config, size=config.size + 1))
