"""Pushing to a real registry: what it lacks, once, in the right order, and nothing else."""

import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.image import Image
from envlock.model.reference import Reference, parse_reference
from envlock.oci.index import IndexEntry
from envlock.oci.layout import Layout
from envlock.registry.transfer import complete, push
from tests.support.layered_images import add_image, add_index, new_layout
from tests.support.processes import run
from tests.support.pushing import Log, blobs_of, client, forget, layers_of, random_image
from tests.support.registry import Registry, running_registry
from tests.support.services import require


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "layout")


@pytest.fixture
def image(layout: Layout) -> Image:
    return random_image(layout)


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("another")) as running:
        yield running


def at(registry: Registry, name: str) -> Reference:
    return parse_reference(f"{registry.host}/{name}")


def skopeo(*words: str | Path) -> str:
    return run((require("skopeo", "skopeo"), "--insecure-policy", *words))


def test_a_first_push_sends_everything_and_the_tag_last(registry: Registry, image: Image) -> None:
    target, log, blobs = at(registry, "push/first:1"), Log(registry), blobs_of(image)
    pushed = push(client(), image, [target])
    whole = sum(blob.size for blob in blobs.values()) + image.manifest.size
    assert (pushed.digest, pushed.uploaded, pushed.layers) == (image.manifest.digest, len(blobs), 2)
    assert (pushed.uploaded_bytes, pushed.mounted, pushed.present) == (whole, 0, 0)
    assert log.of("PATCH") == []
    puts = log.of("PUT")
    assert [put.status for put in puts] == [201] * (len(blobs) + 1)
    assert puts[-1].path == "/v2/push/first/manifests/1"
    assert log.entries()[-1] == puts[-1]
    found = client().find(target)
    assert found
    assert found.descriptor == image.manifest
    assert all(client().has(target, digest) for digest in blobs)


def test_a_second_push_asks_once_and_sends_the_tag(registry: Registry, image: Image) -> None:
    push(client(), image, [at(registry, "push/second:1")])
    log = Log(registry)
    pushed = push(client(), image, [at(registry, "push/second:1"), at(registry, "push/second:2")])
    assert [(entry.method, entry.path.rpartition("/")[2]) for entry in log.entries()] == [
        ("HEAD", image.manifest.digest),
        ("PUT", "1"),
        ("PUT", "2"),
    ]
    assert (pushed.uploaded, pushed.mounted, pushed.present) == (0, 0, len(blobs_of(image)))
    assert pushed.uploaded_bytes == 2 * image.manifest.size


def test_only_what_is_new_is_sent(registry: Registry, layout: Layout, image: Image) -> None:
    push(client(), image, [at(registry, "push/new:1")])
    more = random_image(layout, (700,))
    both = Image(layout=layout.root, manifest=add_image(layout, [*layers_of(image), *layers_of(more)]))
    pushed = push(client(), both, [at(registry, "push/new:2")])
    config = next(blob for blob in blobs_of(both).values() if blob not in layers_of(both))
    assert (pushed.layers, pushed.uploaded, pushed.present) == (1, 2, 2)
    assert pushed.uploaded_bytes == layers_of(more)[0].size + config.size + both.manifest.size


def test_layers_of_a_neighbour_are_taken_over_and_never_downloaded(registry: Registry, image: Image) -> None:
    push(client(), image, [at(registry, "push/base:1")])
    base, log = at(registry, "push/base:1"), Log(registry)
    layers = [layer.digest for layer in layers_of(image)]
    forget(image, *layers)
    lacking = replace(image, elsewhere=dict.fromkeys(layers, base))
    pushed = push(client(), lacking, [at(registry, "push/mounted:1")])
    assert (pushed.mounted, pushed.uploaded, pushed.layers) == (2, 1, 0)
    assert {entry.status for entry in log.of("POST", "mount=")} == {201}
    assert len(log.of("POST", "mount=")) == 2
    assert log.of("GET") == []
    assert not any(Layout(image.layout).has(layer) for layer in layers)
    skopeo("inspect", "--tls-verify=false", f"docker://{at(registry, 'push/mounted:1')}")


def test_what_cannot_be_taken_over_is_sent(registry: Registry, image: Image) -> None:
    """The neighbour never had it; the registry then begins an upload, which is used."""
    layers, log = layers_of(image), Log(registry)
    wrong = replace(image, elsewhere={layers[0].digest: at(registry, "push/nobody:1")})
    pushed = push(client(), wrong, [at(registry, "push/refused:1")])
    assert (pushed.mounted, pushed.uploaded) == (0, 3)
    assert [entry.status for entry in log.of("POST", "mount=")] == [202]
    assert len(log.of("POST")) == 3


def test_blobs_of_another_registry_are_passed_on_but_not_kept(
    registry: Registry, another: Registry, image: Image
) -> None:
    source = at(another, "push/base:1")
    push(client(), image, [source])
    log, layers = Log(another), layers_of(image)
    forget(image, *(layer.digest for layer in layers))
    lacking = replace(image, elsewhere={layer.digest: source for layer in layers})
    pushed = push(client(), lacking, [at(registry, "push/passed:1")])
    assert (pushed.layers, pushed.mounted) == (2, 0)
    assert len(log.of("GET", "/blobs/")) == 2
    assert not any(Layout(image.layout).has(layer) for layer in layers)
    # there, nothing is asked of the first registry any more
    log = Log(another)
    assert push(client(), lacking, [at(registry, "push/passed:2")]).uploaded == 0
    assert log.entries() == []


def test_a_blob_that_was_changed_in_the_other_registry_is_not_passed_on(
    registry: Registry, another: Registry, image: Image
) -> None:
    source, layer = at(another, "push/changed:1"), layers_of(image)[0]
    push(client(), image, [source])
    (stored,) = another.root.glob(f"**/blobs/sha256/*/{layer.digest[7:]}/data")
    content = bytearray(stored.read_bytes())
    content[-1] ^= 1
    stored.write_bytes(content)
    forget(image, layer.digest)
    target = at(registry, "push/unchanged:1")
    with pytest.raises(OutsideError, match="came with other bytes"):
        push(client(), replace(image, elsewhere={layer.digest: source}), [target])
    assert client().find(target) is None
    assert not client().has(target, layer.digest)


def test_missing_blobs_are_brought_where_bytes_are_wanted(registry: Registry, image: Image) -> None:
    source = at(registry, "push/complete:1")
    push(client(), image, [source])
    layers = layers_of(image)
    kept = {layer.digest: Layout(image.layout).blob_path(layer.digest).read_bytes() for layer in layers}
    forget(image, *kept)
    seen: list[tuple[int, int]] = []
    whole = complete(
        client(),
        replace(image, elsewhere=dict.fromkeys(kept, source)),
        lambda _what, done, of: seen.append((done, of)),
    )
    assert whole == image
    assert {d: Layout(image.layout).blob_path(d).read_bytes() for d in kept} == kept
    total = sum(layer.size for layer in layers)
    assert (seen[0], seen[-1]) == ((0, total), (total, total))


def test_a_layer_that_nobody_has_is_told(registry: Registry, image: Image) -> None:
    forget(image, layers_of(image)[1].digest)
    with pytest.raises(OutsideError, match="is missing, or not of"):
        push(client(), image, [at(registry, "push/lacking:1")])
    assert client().find(at(registry, "push/lacking:1")) is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1] + bytes([data[-1] ^ 1]), lambda data: data[:-1]])
def test_a_layer_that_is_damaged_in_the_cache_is_never_tagged(registry: Registry, image: Image, damage: object) -> None:
    assert callable(damage)
    layer, target = layers_of(image)[0], at(registry, f"push/damaged:{image.manifest.digest[7:]}")
    path = Layout(image.layout).blob_path(layer.digest)
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(damage(content))
    with pytest.raises(OutsideError) as caught:
        push(client(), image, [target])
    assert layer.digest[7:] in caught.value.message
    assert caught.value.hint in ("build again", "build the image anew")
    assert client().find(target) is None
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    assert push(client(), image, [target]).digest == image.manifest.digest


def test_two_platforms_go_as_one_index(registry: Registry, layout: Layout, tmp_path: Path) -> None:
    images = [random_image(layout, platform=f"linux/{name}") for name in ("amd64", "arm64")]
    entries = [
        IndexEntry(descriptor=each.manifest, os="linux", architecture=name)
        for each, name in zip(images, ("amd64", "arm64"), strict=True)
    ]
    index = Image(layout=layout.root, manifest=add_index(layout, entries))
    target, log = at(registry, "push/index:1"), Log(registry)
    pushed = push(client(), index, [target])
    assert (pushed.digest, pushed.layers, pushed.uploaded) == (index.manifest.digest, 4, 6)
    manifests = [entry.path.rpartition("/")[2] for entry in log.of("PUT", "/manifests/")]
    assert manifests == [*(each.manifest.digest for each in images), "1"]
    copied = tmp_path / "copied"
    skopeo(
        "copy",
        "--all",
        "--quiet",
        "--preserve-digests",
        "--src-tls-verify=false",
        f"docker://{target}",
        f"oci:{copied}",
    )
    there = {f"sha256:{path.name}" for path in Layout(copied).blobs.iterdir()}
    assert there == {index.manifest.digest, *blobs_of(index), *(each.manifest.digest for each in images)}
    for digest in blobs_of(index):
        assert Layout(copied).blob_path(digest).read_bytes() == layout.blob_path(digest).read_bytes()


def test_two_who_push_the_same_at_once(registry: Registry, layout: Layout) -> None:
    image = random_image(layout, (2_000_000, 700_000, 20_000))
    target, done, start = at(registry, "push/twice:1"), [], threading.Barrier(2)

    def pushes() -> None:
        start.wait()
        done.append(push(client(), image, [target]))

    threads = [threading.Thread(target=pushes) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [pushed.digest for pushed in done] == [image.manifest.digest] * 2
    for digest, blob in blobs_of(image).items():
        (stored,) = registry.root.glob(f"**/blobs/sha256/*/{digest[7:]}/data")
        assert stored.stat().st_size == blob.size
        assert b"".join(client().pieces(target, blob)) == layout.blob_path(digest).read_bytes()


def test_skopeo_reads_what_was_pushed(registry: Registry, image: Image) -> None:
    target = at(registry, "push/read:1")
    push(client(), image, [target])
    told = json.loads(skopeo("inspect", "--tls-verify=false", f"docker://{target}"))
    assert told["Digest"] == image.manifest.digest
    assert told["Layers"] == [layer.digest for layer in layers_of(image)]
