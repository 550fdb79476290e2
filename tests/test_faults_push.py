"""Whatever fails while an image is pushed: nothing wrong is tagged, and the next call sends what is missing."""

import errno
import json
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Barrier, Thread

import pytest

from envlock.errors import EnvlockError
from envlock.registry.transfer import Pushed
from tests.support.push_trial import (
    ALWAYS,
    BLOBS,
    HEAD_BLOB,
    HEAD_MANIFEST,
    OF_A_PUSH,
    POST_UPLOAD,
    PUT_BLOB,
    PUT_TAG,
    Place,
    Trial,
    image_of,
)
from tests.support.registry import Registry, running_registry
from tests.support.registry_proxy import RegistryProxy, running_proxy
from tests.support.services import require, require_root

PASSING = (408, 429, 500, 502, 503, 504)


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    with running_registry(tmp_path_factory.mktemp("upstream")) as registry:
        yield registry


@pytest.fixture(scope="module")
def one_proxy(upstream: Registry) -> Iterator[RegistryProxy]:
    with running_proxy(upstream.host) as proxy:
        yield proxy


@pytest.fixture
def trial(tmp_path: Path, upstream: Registry, one_proxy: RegistryProxy, request: pytest.FixtureRequest) -> Trial:
    one_proxy.reset()
    name = "".join(c for c in tmp_path.name.lower() if c.isalnum())
    return Trial(image_of(tmp_path / "image", request.node.nodeid), one_proxy, upstream, f"team/{name}")


def test_without_a_fault(trial: Trial, tmp_path: Path) -> None:
    pushed = trial.push()
    assert (pushed.uploaded, pushed.present) == (BLOBS, 0)
    assert pushed.uploaded_bytes == trial.proxy.received
    trial.require_whole(tmp_path / "pulled")
    again = trial.next_finishes(tmp_path / "pulled")
    assert (again.uploaded, again.present) == (0, BLOBS)
    assert trial.waits == []


# each status somewhere, and all of them everywhere with --full
PASSING_ROWS = [
    pytest.param(place, status, marks=() if (row + column) % len(PASSING) in (0, 3) else pytest.mark.full)
    for row, place in enumerate(OF_A_PUSH)
    for column, status in enumerate(PASSING)
]


@pytest.mark.parametrize(("place", "status"), PASSING_ROWS)
def test_a_status_that_passes_is_not_noticed(trial: Trial, place: Place, status: int, tmp_path: Path) -> None:
    fault = trial.fails(place, status=status, times=2)
    assert trial.push().uploaded == BLOBS
    assert fault.hit == 2
    assert len(trial.waits) == 2
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize("place", OF_A_PUSH, ids=" ".join)
def test_a_connection_that_breaks_is_not_noticed(trial: Trial, place: Place, tmp_path: Path) -> None:
    unheard = trial.fails(place, answer_is_lost=True)
    unseen = trial.fails(place, upload_breaks_at=0)
    trial.push()
    assert unheard.hit == unseen.hit == 1
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize("count", [1, 5000, 16 << 10])
def test_a_blob_whose_upload_breaks_off_is_sent_anew(trial: Trial, count: int, tmp_path: Path) -> None:
    trial.fails(PUT_BLOB, upload_breaks_at=count, times=2)
    pushed = trial.push()
    assert pushed.uploaded == BLOBS
    trial.require_whole(tmp_path / "pulled")
    # what was sent twice counts twice; of what was sent last the proxy has not read all
    assert trial.proxy.received <= pushed.uploaded_bytes
    assert pushed.uploaded_bytes > sum(seen.received for seen in trial.proxy.seen if seen.status == 201)


def test_a_blob_that_arrives_while_its_answer_is_lost_is_not_sent_anew(trial: Trial, tmp_path: Path) -> None:
    trial.fails(PUT_BLOB, answer_is_lost=True, times=BLOBS)
    trial.push()
    assert trial.proxy.count(*PUT_BLOB) == BLOBS
    trial.require_whole(tmp_path / "pulled")


LASTING: Mapping[str, Mapping[str, object]] = {
    "status": {"status": 503, "content": b'{"errors": [{"message": "tired"}]}'},
    "breaks": {"upload_breaks_at": 0},
}


@pytest.mark.parametrize("place", OF_A_PUSH, ids=" ".join)
@pytest.mark.parametrize("kind", LASTING)
def test_what_does_not_pass_is_told(trial: Trial, place: Place, kind: str, tmp_path: Path) -> None:
    trial.fails(place, times=ALWAYS, **LASTING[kind])
    error = trial.fails_to_push()
    assert f"http://{trial.proxy.host}/v2/{trial.name}/" in error.message
    if kind == "status" and place[0] != "HEAD":
        assert "503 Service Unavailable: tired" in error.message
    if kind == "status":
        assert error.message.startswith(f"{place[0]} http://")
    digests = {seen.path.rpartition("digest=")[2] for seen in trial.proxy.seen if "digest=" in seen.path}
    tried = trial.proxy.count(*place) / (len(digests) if place == PUT_BLOB else BLOBS)
    assert tried <= 5  # a fault is not met with tries of tries
    assert trial.tagged() is None
    trial.next_finishes(tmp_path / "pulled")


def test_only_what_is_missing_is_sent_next(trial: Trial, tmp_path: Path) -> None:
    trial.fails(PUT_BLOB, times=ALWAYS, spares=2, status=500)
    trial.fails_to_push()
    pushed = trial.next_finishes(tmp_path / "pulled")
    assert (pushed.uploaded, pushed.present) == (BLOBS - 2, 2)


def words(*messages: str) -> bytes:
    return json.dumps({"errors": [{"code": "X", "message": message} for message in messages]}).encode()


@pytest.mark.parametrize("place", [HEAD_MANIFEST, HEAD_BLOB], ids=" ".join)
@pytest.mark.parametrize("status", [403, 404])
def test_a_registry_need_not_say_what_it_has(trial: Trial, place: Place, status: int, tmp_path: Path) -> None:
    trial.fails(place, times=ALWAYS, status=status)
    assert trial.push().uploaded == BLOBS
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize("place", [POST_UPLOAD, PUT_BLOB, PUT_TAG], ids=" ".join)
@pytest.mark.parametrize(
    ("status", "message", "hint"),
    [
        (401, "`{host}` refuses to take `{name}", "may you write there? if so: `docker login {host}`"),
        (403, "`{host}` refuses to take `{name}", "may you write there? if so: `docker login {host}`"),
        (413, "{method} http://{name}", None),
        (507, "{method} http://{name}", None),
    ],
)
def test_refusals(trial: Trial, place: Place, *, status: int, message: str, hint: str | None, tmp_path: Path) -> None:
    fault = trial.fails(place, times=ALWAYS, status=status, content=words("no, see https://u:p@a.test/x?y=z"))
    error = trial.fails_to_push()
    known = {"host": trial.proxy.host, "name": f"{trial.proxy.host}/", "method": place[0]}
    assert error.message.startswith(message.format(**known))
    assert f"{place[0]} http://{trial.proxy.host}/v2/{trial.name}/" in error.message
    assert "no, see https://a.test/x" in error.message
    assert error.hint == (hint and hint.format(**known))
    assert fault.hit <= BLOBS  # nobody asks again
    assert trial.tagged() is None
    trial.next_finishes(tmp_path / "pulled")


@pytest.mark.parametrize("place", [PUT_BLOB, PUT_TAG], ids=" ".join)
def test_a_registry_that_says_it_has_stored_something_else(trial: Trial, place: Place, tmp_path: Path) -> None:
    other = f"sha256:{'0' * 64}"
    trial.fails(place, times=ALWAYS, headers={"Docker-Content-Digest": other})
    assert f"has stored `{other}`" in trial.fails_to_push().message
    assert trial.tagged() in (None, trial.image.manifest.digest)
    trial.next_finishes(tmp_path / "pulled")


@pytest.mark.parametrize("place", [PUT_BLOB, PUT_TAG], ids=" ".join)
def test_what_is_corrupted_on_its_way_is_not_stored(trial: Trial, place: Place, tmp_path: Path) -> None:
    trial.fails(place, times=ALWAYS, corrupts_upload=True)
    trial.fails_to_push()
    assert trial.tagged() is None
    trial.next_finishes(tmp_path / "pulled")


def test_an_upload_that_nobody_says_where_to_send(trial: Trial, tmp_path: Path) -> None:
    trial.fails(POST_UPLOAD, times=ALWAYS, headers={"Location": None})
    trial.fails_to_push()
    assert trial.tagged() is None
    trial.next_finishes(tmp_path / "pulled")


def test_a_session_that_the_registry_forgets(trial: Trial, tmp_path: Path) -> None:
    trial.fails(PUT_BLOB, status=404, content=words("blob upload unknown"))
    assert trial.push().uploaded == BLOBS
    trial.require_whole(tmp_path / "pulled")


# when the registry says how long to wait


def in_seconds(seconds: int) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("place", [HEAD_BLOB, PUT_BLOB, PUT_TAG], ids=" ".join)
@pytest.mark.parametrize("told", ["7", "date"])
def test_a_registry_says_how_long_to_wait(trial: Trial, place: Place, told: str, tmp_path: Path) -> None:
    trial.fails(place, status=429, headers={"Retry-After": told if told == "7" else in_seconds(7)})
    trial.push()
    (waited,) = trial.waits
    assert 5 < waited <= 7
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize("place", [HEAD_BLOB, PUT_BLOB, PUT_TAG], ids=" ".join)
def test_nobody_waits_longer_than_a_minute(trial: Trial, place: Place, tmp_path: Path) -> None:
    trial.fails(place, status=429, times=ALWAYS, headers={"Retry-After": "3600"}, content=words("slow down"))
    error = trial.fails_to_push()
    assert error.message.startswith(f"`{trial.proxy.host}` was asked too often ({place[0]} http://")
    assert error.message.endswith("; it asks us to wait for 3600 s")
    assert error.hint == f"wait, or `docker login {trial.proxy.host}` for a higher limit"
    assert trial.waits == []
    trial.next_finishes(tmp_path / "pulled")


# a full disk


def test_a_registry_whose_disk_is_full(tmp_path: Path) -> None:
    require_root("a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    mount, unmount = require("mount", "mount"), require("umount", "mount")
    subprocess.run((mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk), check=True)
    try:
        with running_registry(disk) as registry, running_proxy(registry.host) as proxy:
            trial = Trial(image_of(tmp_path / "image", "large", 1 << 19), proxy, registry, "team/large")
            error = trial.fails_to_push()
            assert " answers 500 Internal Server Error: unknown error, " in error.message
            assert f'"Err": {errno.ENOSPC}' in error.message  # the registry's own word for it
            assert trial.tagged() is None
            subprocess.run((mount, "-o", "remount,size=16m", disk), check=True)
            trial.next_finishes(tmp_path / "pulled")
    finally:
        subprocess.run((unmount, disk), check=True)


# two at once


def both(*trials: Trial) -> list[Pushed | EnvlockError]:
    begun = Barrier(len(trials))
    results: list[Pushed | EnvlockError] = []

    def work(trial: Trial) -> None:
        begun.wait()
        try:
            results.append(trial.push())
        except EnvlockError as error:
            results.append(error)

    threads = [Thread(target=work, args=(trial,)) for trial in trials]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def test_two_push_the_same_at_once(trial: Trial, tmp_path: Path) -> None:
    results = both(trial, replace(trial), replace(trial))
    assert {type(result) for result in results} == {Pushed}
    trial.require_whole(tmp_path / "pulled")


def test_two_push_different_images_at_once(trial: Trial, tmp_path: Path) -> None:
    other = replace(trial, image=image_of(tmp_path / "other", "other"))
    results = both(trial, other)
    assert {type(result) for result in results} == {Pushed}
    last = trial if trial.tagged() == trial.image.manifest.digest else other
    last.require_whole(tmp_path / "pulled")
    # the other is there, too, by its digest
    for each in (trial, other):
        each.next_finishes(tmp_path / "pulled")
