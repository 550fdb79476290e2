"""Whatever fails while an image is pulled: nothing wrong is kept, what came whole stays, the next call finishes."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.reference import Reference
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.push_trial import ALWAYS, GET_BLOB, GET_MANIFEST, Place, Trial, image_of
from tests.support.registry import running_registry
from tests.support.registry_proxy import RegistryProxy, running_proxy

SIZE = 64 << 10
GETS = (GET_MANIFEST, GET_BLOB)


@pytest.fixture(scope="module")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    with (
        running_registry(tmp_path_factory.mktemp("registry")) as registry,
        running_proxy(registry.host) as proxy,
    ):
        trial = Trial(image_of(tmp_path_factory.mktemp("image"), "pulled", SIZE), proxy, registry, "team/pulled")
        trial.push()
        yield trial


@pytest.fixture
def trial(pushed: Trial) -> Trial:
    pushed.proxy.reset()
    pushed.waits.clear()
    return pushed


@pytest.fixture
def target(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "target")


def named(trial: Trial) -> Reference:
    return trial.reference.at(trial.image.manifest.digest)


def pull(trial: Trial, target: Layout) -> None:
    assert trial.client().pull(named(trial), target) == trial.image.manifest
    source = Layout(trial.image.layout)
    for blob in (trial.image.manifest, *read_manifest(source.read(trial.image.manifest), "it").blobs):
        assert target.blob_path(blob.digest).read_bytes() == source.blob_path(blob.digest).read_bytes()


def fails_to_pull(trial: Trial, target: Layout) -> OutsideError:
    with pytest.raises(OutsideError) as caught:
        trial.client().pull(named(trial), target)
    assert not target.has(trial.image.manifest)
    assert not list(target.root.glob("**/.envlock-part-*"))
    return caught.value


def next_finishes(trial: Trial, target: Layout) -> None:
    """And asks for nothing that is there."""
    there = {path.name for path in target.blobs.glob("*")}
    trial.proxy.reset()
    pull(trial, target)
    asked = {seen.path.rpartition(":")[2] for seen in trial.proxy.seen}
    assert not asked & there


SHORT: Mapping[str, Mapping[str, object]] = {
    "reset at once": {"answer_breaks_at": 0},
    "reset": {"answer_breaks_at": 300},
    "truncated": {"answer_breaks_at": 300, "closes": True},
    "not heard": {"answer_is_lost": True},
    "503": {"status": 503},
    "429": {"status": 429, "headers": {"Retry-After": "1"}},
}


@pytest.mark.parametrize("place", GETS, ids=" ".join)
@pytest.mark.parametrize("what", SHORT)
def test_what_passes_is_not_noticed(trial: Trial, target: Layout, place: Place, what: str) -> None:
    fault = trial.fails(place, times=2, **SHORT[what])
    pull(trial, target)
    assert fault.hit == 2


@pytest.mark.parametrize("place", GETS, ids=" ".join)
@pytest.mark.parametrize("what", SHORT)
def test_what_does_not_pass_is_told(trial: Trial, target: Layout, place: Place, what: str) -> None:
    trial.fails(place, times=ALWAYS, **SHORT[what])
    assert f"http://{trial.proxy.host}/v2/{trial.name}/" in fails_to_pull(trial, target).message
    next_finishes(trial, target)


@pytest.mark.parametrize("place", GETS, ids=" ".join)
def test_what_is_corrupted_is_not_kept(trial: Trial, target: Layout, place: Place) -> None:
    trial.fails(place, times=ALWAYS, corrupts_answer=True)
    assert "sha256:" in fails_to_pull(trial, target).message
    next_finishes(trial, target)


@pytest.mark.parametrize("place", GETS, ids=" ".join)
def test_a_wrong_digest_header_changes_nothing(trial: Trial, target: Layout, place: Place) -> None:
    """What counts are the bytes."""
    trial.fails(place, times=ALWAYS, headers={"Docker-Content-Digest": f"sha256:{'0' * 64}"})
    pull(trial, target)


def test_what_drips_comes_whole(trial: Trial, target: Layout) -> None:
    trial.fails(GET_MANIFEST, drips=True)
    trial.fails(
        ("GET", f"/blobs/{read_manifest(Layout(trial.image.layout).read(trial.image.manifest), 'it').config.digest}"),
        drips=True,
    )
    pull(trial, target)


@pytest.mark.parametrize("place", GETS, ids=" ".join)
@pytest.mark.parametrize("status", [401, 403, 404, 416])
def test_refusals(trial: Trial, target: Layout, place: Place, status: int) -> None:
    trial.fails(place, times=ALWAYS, status=status, content=b'{"errors": [{"message": "not for you"}]}')
    error = fails_to_pull(trial, target)
    assert "not for you" in error.message
    assert f"GET http://{trial.proxy.host}/v2/{trial.name}/" in error.message
    next_finishes(trial, target)


@pytest.fixture
def elsewhere(trial: Trial) -> Iterator[RegistryProxy]:
    with running_proxy(trial.registry.host) as other:
        yield other


def test_blobs_come_from_another_host(trial: Trial, elsewhere: RegistryProxy, target: Layout) -> None:
    trial.fails(GET_BLOB, times=ALWAYS, status=307, moves_to=elsewhere.url)
    pull(trial, target)
    assert elsewhere.count(*GET_BLOB) == trial.proxy.count(*GET_BLOB) > 0
