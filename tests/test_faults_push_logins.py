"""Pushes to those who ask who we are: midway, in vain, by a token server that fails; and who must never be told."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.platform import PLATFORMS
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from tests.support.canary import Canaries
from tests.support.push_trial import (
    ALWAYS,
    BLOBS,
    GET_BLOB,
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
from tests.support.registry_proxy import Fault, RegistryProxy, running_proxy
from tests.support.token_server import TokenServer, running_token_server

PASSWORD = "wonderland"


@dataclass(frozen=True)
class Guarded:
    """A registry that believes in a token server, each behind a proxy."""

    registry: Registry
    proxy: RegistryProxy
    tokens: TokenServer
    before_tokens: RegistryProxy

    @property
    def challenge(self) -> dict[str, str | None]:
        return {"WWW-Authenticate": f'Bearer realm="{self.tokens.realm}",service="registry of a test"'}


@pytest.fixture(scope="module")
def all_of_it(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with (
        running_token_server(tmp_path_factory.mktemp("tokens")) as tokens,
        running_proxy(f"127.0.0.1:{tokens.port}") as before_tokens,
    ):
        tokens.through = before_tokens.port
        folder = tmp_path_factory.mktemp("guarded")
        with running_registry(folder, tokens.registry_setting) as registry, running_proxy(registry.host) as proxy:
            yield Guarded(registry, proxy, tokens, before_tokens)


@pytest.fixture
def guarded(all_of_it: Guarded) -> Guarded:
    all_of_it.proxy.reset()
    all_of_it.before_tokens.reset()
    tokens = all_of_it.tokens
    tokens.users, tokens.identity_tokens, tokens.seconds = {"alice": PASSWORD}, set(), 300
    tokens.read_only, tokens.hidden = set(), set()
    tokens.asked.clear()
    return all_of_it


def logged_in(home: Path, hosts: tuple[str, ...], login: Mapping[str, Any]) -> Mapping[str, str]:
    path = home / ".docker/config.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"auths": dict.fromkeys(hosts, login)}))
    return {"HOME": str(home), "DOCKER_CONFIG": str(path.parent)}


def password(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"alice:{text}".encode()).decode()}


@pytest.fixture
def trial(tmp_path: Path, guarded: Guarded, request: pytest.FixtureRequest) -> Trial:
    hosts = (guarded.proxy.host, guarded.registry.host)
    environment = logged_in(tmp_path / "home", hosts, password(PASSWORD))
    name = "".join(c for c in tmp_path.name.lower() if c.isalnum())
    image = image_of(tmp_path / "image", request.node.nodeid)
    return Trial(image, guarded.proxy, guarded.registry, f"team/{name}", environment)


def test_one_token_serves_a_whole_push(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    assert trial.push().uploaded == BLOBS
    (asked,) = guarded.tokens.asked
    assert asked.parameters["scope"] == f"repository:{trial.name}:pull,push"
    assert [seen.status for seen in trial.proxy.seen].count(401) == 1
    trial.require_whole(tmp_path / "pulled")


def test_an_identity_token(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    guarded.tokens.identity_tokens.add("who I am")
    login = {"identitytoken": "who I am"}
    environment = logged_in(tmp_path / "other", (guarded.proxy.host, guarded.registry.host), login)
    replace(trial, environment=environment).push()
    assert {asked.method for asked in guarded.tokens.asked} == {"POST"}
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize("place", OF_A_PUSH, ids=" ".join)
def test_a_token_that_is_no_longer_taken(trial: Trial, guarded: Guarded, place: Place, tmp_path: Path) -> None:
    fault = trial.fails(place, status=401, headers=guarded.challenge)
    pushed = trial.push()
    assert fault.hit == 1
    assert len(guarded.tokens.asked) == (1 if place == HEAD_MANIFEST else 2)
    assert pushed.uploaded == BLOBS
    trial.require_whole(tmp_path / "pulled")


def test_a_large_blob_is_refused_before_it_is_sent(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    """The registry answers 401 and hangs up while we send: its answer is read, and all is sent again."""
    large = replace(trial, image=image_of(tmp_path / "large", "large", 4 << 20))
    fault = trial.fails(PUT_BLOB, status=401, headers=guarded.challenge, early=True)
    assert large.push().uploaded == BLOBS
    assert fault.hit == 1
    assert len(guarded.tokens.asked) == 2
    assert trial.waits == []
    large.require_whole(tmp_path / "pulled")


def test_tokens_of_no_time_are_asked_for_before_they_are_missed(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    guarded.tokens.seconds = 0
    trial.push()
    assert [seen.status for seen in trial.proxy.seen].count(401) == 1
    assert len(guarded.tokens.asked) == len(trial.proxy.seen) - 1
    trial.require_whole(tmp_path / "pulled")


# blobs of a neighbour


def pushed_from(trial: Trial, source: str) -> tuple[int, int]:
    """Uploaded and mounted of a push whose layers another repository has."""
    neighbour = replace(trial, name=source)
    neighbour.push()
    trial.proxy.reset()
    layers = read_manifest(Layout(trial.image.layout).read(trial.image.manifest), "it").layers
    elsewhere = {layer.digest: neighbour.reference for layer in layers}
    pushed = replace(trial, image=replace(trial.image, elsewhere=elsewhere)).push()
    return pushed.uploaded, pushed.mounted


def test_a_token_reads_the_repository_that_is_mounted(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    assert pushed_from(trial, f"{trial.name}/of") == (1, BLOBS - 1)
    scopes = [asked.parameters["scope"] for asked in guarded.tokens.asked]
    assert f"repository:{trial.name}:pull,push repository:{trial.name}/of:pull" in scopes
    trial.require_whole(tmp_path / "pulled")


def test_what_may_not_be_mounted_is_sent(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    source = f"{trial.name}/of"
    replace(trial, name=source).push()
    guarded.tokens.hidden.add(source)
    layers = read_manifest(Layout(trial.image.layout).read(trial.image.manifest), "it").layers
    elsewhere = {layer.digest: replace(trial, name=source).reference for layer in layers}
    pushed = replace(trial, image=replace(trial.image, elsewhere=elsewhere)).push()
    assert (pushed.uploaded, pushed.mounted) == (BLOBS, 0)
    trial.require_whole(tmp_path / "pulled")


def test_who_may_only_read(trial: Trial, guarded: Guarded) -> None:
    guarded.tokens.read_only.add(trial.name)
    error = trial.fails_to_push()
    assert error.message.startswith(f"`{trial.proxy.host}` refuses to take `{trial.proxy.host}/{trial.name}")
    assert " answers 401 Unauthorized" in error.message
    assert error.hint == f"may you write there? if so: `docker login {trial.proxy.host}`"
    assert len(guarded.tokens.asked) <= BLOBS


# the token server


def test_a_token_server_that_is_busy(trial: Trial, guarded: Guarded, tmp_path: Path) -> None:
    guarded.before_tokens.fails(Fault(method="GET", path="/token", status=503))
    guarded.before_tokens.fails(Fault(method="GET", path="/token", answer_is_lost=True))
    trial.push()
    assert len(trial.waits) == 2
    trial.require_whole(tmp_path / "pulled")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{", "the token from {host}: not JSON"),
        (b"[]", "the token from {host}: the document is []"),
        (b"{}", "the token from {host} is none: `token` (or `access_token`) must be text for a header"),
        (b'{"token": 5}', "the token from {host} is none: "),
        (b'{"token": "hidden\\r\\nX: y"}', "the token from {host} is none: "),
        (b'{"token": ["hidden"]}', "the token from {host} is none: "),
        ('{"token": "hiddén"}'.encode(), "the token from {host} is none: "),
    ],
)
def test_tokens_that_are_none(trial: Trial, guarded: Guarded, content: bytes, message: str) -> None:
    guarded.before_tokens.fails(Fault(method="GET", path="/token", times=ALWAYS, status=200, content=content))
    error = trial.fails_to_push()
    assert error.message.startswith(message.format(host=guarded.before_tokens.host))
    assert "hid" not in error.message
    guarded.before_tokens.reset()
    assert trial.tagged() is None


def test_a_token_server_that_moves(trial: Trial, guarded: Guarded) -> None:
    """Who we are is said to the one that the registry named, and to no other."""
    guarded.before_tokens.fails(
        Fault(method="GET", path="/token", times=ALWAYS, status=307, moves_to=guarded.proxy.url)
    )
    assert f"GET {guarded.before_tokens.url}/token answers 307" in trial.fails_to_push().message
    assert guarded.proxy.count("GET", "/token") == 0


# who must never be told


@pytest.fixture
def elsewhere(guarded: Guarded) -> Iterator[RegistryProxy]:
    """Another host, at which the same registry stores blobs."""
    with running_proxy(guarded.registry.host) as other:
        yield other


def test_another_host_that_takes_uploads_is_not_told_who_we_are(trial: Trial, elsewhere: RegistryProxy) -> None:
    trial.fails(POST_UPLOAD, times=ALWAYS, moves_to=elsewhere.url)
    error = trial.fails_to_push()  # the real one wants to know
    assert f"PUT {elsewhere.url}/v2/{trial.name}/blobs/uploads/" in error.message
    assert elsewhere.count(*PUT_BLOB) > 0
    assert {seen.authorization for seen in elsewhere.seen} == {None}
    assert trial.tagged() is None


def test_another_host_that_gives_blobs_is_not_told_who_we_are(
    trial: Trial, elsewhere: RegistryProxy, tmp_path: Path
) -> None:
    trial.push()
    trial.fails(GET_BLOB, times=ALWAYS, status=307, moves_to=elsewhere.url)
    with pytest.raises(OutsideError, match=f"GET {elsewhere.url}/v2/"):
        trial.client().pull(trial.reference.at(trial.image.manifest.digest), Layout(tmp_path / "pulled"))
    assert elsewhere.count(*GET_BLOB) > 0
    assert {seen.authorization for seen in elsewhere.seen} == {None}


def test_uploads_are_not_redirected(trial: Trial, elsewhere: RegistryProxy) -> None:
    trial.fails(PUT_BLOB, times=ALWAYS, status=307, moves_to=elsewhere.url)
    assert "answers 307 Temporary Redirect" in trial.fails_to_push().message
    assert elsewhere.seen == []


LOGINS = ("password", "identity token")
STATUSES = (400, 401, 403, 404, 413, 429, 500, 507)


@pytest.mark.parametrize("kind", LOGINS)
def test_no_message_tells_a_secret(trial: Trial, guarded: Guarded, kind: str, tmp_path: Path) -> None:
    """The registry and the token server repeat in their refusals what they were shown."""
    canaries = Canaries()
    secret = canaries.secret("login")
    guarded.tokens.users["alice"] = secret
    guarded.tokens.identity_tokens.add(secret)
    login = password(secret) if kind == "password" else {"identitytoken": secret}
    hosts = (guarded.proxy.host, guarded.registry.host)
    trying = replace(trial, environment=logged_in(tmp_path / "canary", hosts, login))
    shown: list[str] = []
    for status in STATUSES:
        for place in (HEAD_MANIFEST, POST_UPLOAD, PUT_BLOB, PUT_TAG):
            guarded.proxy.reset()
            trying.fails(place, times=ALWAYS, status=status, echoes=True, headers={"Retry-After": "3600"})
            shown += told(trying)
        guarded.proxy.reset()
        method = "GET" if kind == "password" else "POST"
        fault = Fault(method=method, path="/token", times=ALWAYS, status=status, echoes=True)
        guarded.before_tokens.fails(fault)
        shown += told(trying)
        assert fault.hit
        guarded.before_tokens.reset()
    assert "you said" in "".join(shown)
    assert canaries.found("\n".join(shown).encode()) == set()
    given = [seen.authorization or "" for seen in guarded.proxy.seen]
    assert given
    assert not [words for words in given if words and words.partition(" ")[2] in "".join(shown)]


def told(trial: Trial) -> list[str]:
    """All that a failed push and a failed pull say."""
    words: list[str] = []
    try:
        trial.push()
    except OutsideError as error:
        words += [str(error), repr(error), error.hint or ""]
    try:
        trial.client().resolve(trial.reference, PLATFORMS["linux-64"])
    except OutsideError as error:
        words += [str(error), repr(error), error.hint or ""]
    return words
