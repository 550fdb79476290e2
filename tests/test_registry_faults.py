"""Registries that send too little, send us elsewhere, or say no."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.image import MANIFEST_TYPE, Descriptor
from envlock.model.platform import PLATFORMS
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.oci.manifest import read_manifest
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.system.http import Http
from tests.support.http_server import FileServer, Request, Response, serve
from tests.support.layered_images import add_image, add_layer, file, new_layout

LINUX = PLATFORMS["linux-64"]
NAME = "some/app"


@pytest.fixture
def source(tmp_path: Path) -> Layout:
    return new_layout(tmp_path / "source")


@pytest.fixture
def manifest(source: Layout) -> Descriptor:
    return add_image(source, [add_layer(source, file("a", bytes(range(256)) * 100)), add_layer(source, file("b"))])


@pytest.fixture
def target(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "target")


@pytest.fixture
def server(source: Layout, manifest: Descriptor) -> Iterator[FileServer]:
    """A registry of the one image, tagged `1`, to be told to answer something else."""

    def page(request: Request) -> Response | None:
        kind, _, name = request.path.removeprefix(f"/v2/{NAME}/").partition("/")
        digest = manifest.digest if name == "1" else name
        if kind not in ("manifests", "blobs") or not digest.startswith("sha256:") or not source.has(digest):
            return None
        content_type = MANIFEST_TYPE if kind == "manifests" else "application/octet-stream"
        return Response(content=source.blob_path(digest).read_bytes(), headers={"Content-Type": content_type})

    with serve(page) as running:
        yield running


def at(server: FileServer, suffix: str = ":1") -> Reference:
    return parse_reference(f"127.0.0.1:{server.port}/{NAME}{suffix}")


def client(home: str = "/nowhere") -> RegistryClient:
    return RegistryClient(Http(wait=lambda _seconds: None), Credentials({"HOME": home}))


def blob_path(digest: str) -> str:
    return f"/v2/{NAME}/blobs/{digest}"


def first_layer(source: Layout, manifest: Descriptor) -> Descriptor:
    return read_manifest(source.read(manifest), "it").layers[0]


def test_a_blob_that_is_shorter_than_the_manifest_says(
    server: FileServer, source: Layout, target: Layout, manifest: Descriptor
) -> None:
    layer = first_layer(source, manifest)
    server.overrides[blob_path(layer.digest)] = source.blob_path(layer.digest).read_bytes()[:-5]
    with pytest.raises(OutsideError) as caught:
        client().pull(at(server).at(manifest.digest), target)
    assert caught.value.message == f"`{layer.digest}` has {layer.size - 5} bytes, expected {layer.size}"
    assert not target.has(layer)
    assert not list(target.root.glob("**/.envlock-part-*"))


def test_a_blob_that_never_ends(server: FileServer, source: Layout, target: Layout, manifest: Descriptor) -> None:
    layer = first_layer(source, manifest)
    server.overrides[blob_path(layer.digest)] = bytes(layer.size + 1)
    with pytest.raises(OutsideError, match=f"`{layer.digest}` has more than {layer.size} bytes"):
        client().pull(at(server).at(manifest.digest), target)


def test_a_blob_that_breaks_off_comes_at_the_next_try(
    source: Layout, target: Layout, manifest: Descriptor, server: FileServer
) -> None:
    layer = first_layer(source, manifest)
    path, content = blob_path(layer.digest), source.blob_path(layer.digest).read_bytes()
    server.overrides[path] = Response(content=content, breaks_off_after=20)
    http = Http(wait=lambda _seconds: server.overrides.pop(path))
    RegistryClient(http, Credentials({})).pull(at(server).at(manifest.digest), target)
    assert server.requests.count(("GET", path)) == 2
    assert target.has(layer)


def test_a_blob_that_always_breaks_off(
    source: Layout, target: Layout, manifest: Descriptor, server: FileServer
) -> None:
    layer = first_layer(source, manifest)
    url = f"{server.url}{blob_path(layer.digest)}"
    content = source.blob_path(layer.digest).read_bytes()
    server.overrides[blob_path(layer.digest)] = Response(content=content, breaks_off_after=20)
    with pytest.raises(OutsideError) as caught:
        client().pull(at(server).at(manifest.digest), target)
    assert caught.value.message == f"{url} broke off before its end"
    assert server.requests.count(("GET", blob_path(layer.digest))) == 3
    assert not target.has(layer)
    assert not target.has(manifest.digest)


def test_whole_blobs_stay_when_another_fails(
    source: Layout, target: Layout, manifest: Descriptor, server: FileServer
) -> None:
    layer = first_layer(source, manifest)
    server.overrides[blob_path(layer.digest)] = 403
    with pytest.raises(OutsideError):
        client().pull(at(server).at(manifest.digest), target)
    there = {blob for blob in read_manifest(source.read(manifest), "it").blobs if target.has(blob)}
    server.overrides.clear()
    server.requests.clear()
    client().pull(at(server).at(manifest.digest), target)
    missing = [blob for blob in read_manifest(source.read(manifest), "it").blobs if blob not in there]
    asked = {path for _, path in server.requests if "/blobs/" in path}
    assert asked == {blob_path(blob.digest) for blob in missing}


def test_a_first_failure_ends_what_waits_for_a_silent_server(
    server: FileServer, source: Layout, target: Layout, manifest: Descriptor
) -> None:
    small, large = sorted(read_manifest(source.read(manifest), "it").layers, key=lambda layer: layer.size)
    server.overrides[blob_path(large.digest)] = Response(content=b"x" * large.size, waits_for=threading.Event())
    server.overrides[blob_path(small.digest)] = 403
    with pytest.raises(OutsideError, match="403"):
        client().pull(at(server).at(manifest.digest), target)
    assert server.requests.count(("GET", blob_path(large.digest))) == 1


def error(status: int, *messages: str) -> Response:
    content = json.dumps({"errors": [{"code": "X", "message": message} for message in messages]}).encode()
    return Response(content=content, status=status)


ASKED, FOR = "GET {url} answers", "asked for `{reference}`"
REFUSES = "`{host}` refuses to give `{reference}`"
PRIVATE = "does it exist? if it is private: `docker login {host}`"


@pytest.mark.parametrize(
    ("answer", "message", "hint"),
    [
        (error(403, "denied: not yours"), f"{REFUSES} ({ASKED} 403 Forbidden: denied: not yours)", PRIVATE),
        (error(401, "who are you"), f"{REFUSES} ({ASKED} 401 Unauthorized: who are you)", PRIVATE),
        (error(404, "manifest\n  unknown"), f"`{{reference}}` is not there ({ASKED} 404 Not Found: manifest unknown)",
         "is its name written right?"),
        (error(400, "one", "two"), f"{ASKED} 400 Bad Request: one; two, {FOR}", None),
        (error(400, "see https://u:p@a.test/b?token=c"), f"{ASKED} 400 Bad Request: see https://a.test/b, {FOR}", None),
        (Response(status=400, content=b"<html>"), f"{ASKED} 400 Bad Request, {FOR}", None),
        (Response(status=400, content=b"[1]"), f"{ASKED} 400 Bad Request, {FOR}", None),
        (Response(status=400, content=b'{"details": "of a token server"}'),
         f"{ASKED} 400 Bad Request: of a token server, {FOR}", None),
        (Response(status=400, content=b'{"errors": "text"}'), f"{ASKED} 400 Bad Request, {FOR}", None),
        (Response(status=400, content=b"[" * 50_000), f"{ASKED} 400 Bad Request, {FOR}", None),
        (Response(status=503, headers={"Retry-After": f"Mon, 01 Jan {'9' * 30} 00:00:00 GMT"}),
         f"{ASKED} 503 Service Unavailable, {FOR}", None),
        (Response(status=204), f"{ASKED} 204 No Content, {FOR}", None),
        (error(429, "slow down"), f"`{{host}}` was asked too often ({ASKED} 429 Too Many Requests: slow down)",
         "wait, or `docker login {host}` for a higher limit"),
        (error(503, "tired"), f"{ASKED} 503 Service Unavailable: tired, {FOR}", None),
    ],
)  # fmt: skip
def test_refusals_in_the_registry_s_words(server: FileServer, answer: Response, message: str, hint: str | None) -> None:
    path = f"/v2/{NAME}/manifests/1"
    server.overrides[path] = answer
    words = {"host": f"127.0.0.1:{server.port}", "reference": at(server), "url": f"{server.url}{path}"}
    with pytest.raises(OutsideError) as caught:
        client().resolve(at(server), LINUX)
    assert caught.value.message == message.format(**words)
    assert caught.value.hint == (hint and hint.format(**words))


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (b"{", "{name}: not JSON"),
        (b"[]", "{name}: the document is \\[\\]"),
        ({}, "{name} is neither an image index nor an image manifest that envlock knows"),
        ({"schemaVersion": 1, "fsLayers": []}, "{name} is neither an image index nor an image manifest that envlock"),
        ({"manifests": [], "layers": []}, "{name} is neither an image index nor an image manifest that envlock knows"),
        ({"manifests": [], "config": {}}, "{name} is neither an image index nor an image manifest that envlock knows"),
        ({"layers": [], "config": {}, "mediaType": "a/b"}, "{name} is neither .* that envlock knows \\(a/b\\)"),
        ({"layers": {}, "config": {}}, "{name}: `layers` is"),
        ({"layers": [], "config": {}}, "{name}: `config.mediaType` is missing"),
        ({"layers": [{"mediaType": "a/b", "digest": "sha256:../../x", "size": 1}], "config": {}},
         "{name}: `layers\\[0\\].digest` is"),
        ({"layers": [{"mediaType": "a/b", "digest": f"sha256:{'0' * 64}", "size": -1}], "config": {}},
         "{name}: `layers\\[0\\].size` is -1"),
        ({"manifests": []}, "{name} has no image for linux/amd64, only for platforms it does not name"),
    ],
)  # fmt: skip
def test_manifests_that_cannot_be(server: FileServer, document: Any, message: str) -> None:
    content = document if isinstance(document, bytes) else json.dumps(document).encode()
    server.overrides[f"/v2/{NAME}/manifests/1"] = content
    with pytest.raises(OutsideError, match=message.format(name=f"`{at(server)}`")):
        client().resolve(at(server), LINUX)


def test_an_index_cannot_be_pulled(server: FileServer, target: Layout, source: Layout) -> None:
    index = source.put(b'{"manifests": []}', "any/type")
    with pytest.raises(OutsideError, match="is an image index, expected the manifest of one platform"):
        client().pull(at(server).at(index.digest), target)


def test_a_config_with_other_bytes(server: FileServer, source: Layout, manifest: Descriptor) -> None:
    config = read_manifest(source.read(manifest), "it").config
    server.overrides[blob_path(config.digest)] = source.read(config).replace(b"linux", b"Linux")
    with pytest.raises(OutsideError, match=f"`{config.digest}` of .* came with other bytes: their digest is sha256:"):
        client().resolve(at(server), LINUX)


@pytest.fixture
def storage(source: Layout) -> Iterator[FileServer]:
    """Where a registry may keep blobs: another server, which knows nobody."""

    def page(request: Request) -> Response | None:
        if "Authorization" in request.headers:
            return Response(status=400)
        digest = request.path.removeprefix("/kept/")
        return Response(content=source.blob_path(digest).read_bytes()) if digest.startswith("sha256:") else None

    with serve(page) as running:
        yield running


def write_login(home: Path, host: str) -> str:
    (home / ".docker").mkdir()
    (home / ".docker/config.json").write_text(json.dumps({"auths": {host: {"auth": "YWxpY2U6c2VjcmV0"}}}))
    return str(home)


@pytest.fixture
def closed(source: Layout, manifest: Descriptor, storage: FileServer) -> Iterator[FileServer]:
    """A registry for alice alone, that keeps its blobs elsewhere: on the same server first, then on another."""

    def page(request: Request) -> Response | None:
        if request.headers.get("Authorization") != "Basic YWxpY2U6c2VjcmV0":
            return Response(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        if request.path.startswith(f"/v2/{NAME}/manifests/"):
            return Response(content=source.blob_path(manifest.digest).read_bytes())
        moved, _, digest = request.path.rpartition("/")
        if moved == "/moved":
            return Response(status=307, headers={"Location": f"{storage.url}/kept/{digest}?signature=secret"})
        return Response(status=302, headers={"Location": f"/moved/{digest}"})

    with serve(page) as running:
        yield running


def test_who_we_are_is_not_said_to_another_host(
    tmp_path: Path, closed: FileServer, storage: FileServer, manifest: Descriptor, target: Layout
) -> None:
    asking = client(write_login(tmp_path, f"127.0.0.1:{closed.port}"))
    resolved = asking.resolve(at(closed), LINUX)
    assert asking.pull(at(closed).at(resolved.digest), target) == manifest
    assert {path.partition("sha256:")[0] for _, path in storage.requests} == {"/kept/"}


def test_a_store_does_not_learn_who_we_are_by_asking(
    tmp_path: Path, closed: FileServer, storage: FileServer, manifest: Descriptor, source: Layout
) -> None:
    asks = Response(status=401, headers={"WWW-Authenticate": 'Basic realm="give it to me"'})
    config = read_manifest(source.read(manifest), "it").config
    storage.overrides[f"/kept/{config.digest}"] = asks
    with pytest.raises(OutsideError, match="401"):
        client(write_login(tmp_path, f"127.0.0.1:{closed.port}")).resolve(at(closed), LINUX)
    assert storage.requests == [("GET", f"/kept/{config.digest}")]


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://storage.test/x?signature=secret", "{url} sends us to http://storage.test/x, and that would not be"),
        ("file:///etc/passwd", "{url} sends us to file:///etc/passwd, and that is not an address"),
        ("/v2/some/app/manifests/1", "{url} redirects without end"),
        ("", "{url} redirects without end"),
        ("https://a..test/x", "no answer from https://a..test/x (LocationParseError)"),
    ],
)
def test_redirects_that_are_not_followed(server: FileServer, location: str, message: str) -> None:
    path = f"/v2/{NAME}/manifests/1"
    server.overrides[path] = Response(status=302, headers={"Location": location})
    with pytest.raises(OutsideError) as caught:
        client().resolve(at(server), LINUX)
    assert caught.value.message.startswith(message.format(url=f"{server.url}{path}"))


@pytest.mark.parametrize(
    ("challenge", "message"),
    [
        (
            'Bearer realm="http://auth.test/token"',
            "sends us to http://auth.test/token, and that would not be encrypted",
        ),
        ('Bearer realm="file:///etc/passwd"', "and that is not an address"),
        ("Negotiate", "refuses to give"),
        ("Bearer", "refuses to give"),
    ],
)
def test_challenges_that_are_not_answered(server: FileServer, challenge: str, message: str) -> None:
    path = f"/v2/{NAME}/manifests/1"
    server.overrides[path] = Response(status=401, headers={"WWW-Authenticate": challenge})
    with pytest.raises(OutsideError, match=message):
        client().resolve(at(server), LINUX)
