"""Being let in: real registries with passwords, and with tokens from a server of their own."""

import base64
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from envlock.errors import OutsideError
from envlock.model.image import Descriptor
from envlock.model.platform import PLATFORMS
from envlock.model.reference import Reference, parse_reference
from envlock.oci.layout import Layout
from envlock.registry.client import RegistryClient
from envlock.registry.credentials import Credentials
from envlock.system.http import Http
from tests.support.layered_images import add_image, add_layer, file, new_layout, push
from tests.support.registry import Registry, running_registry
from tests.support.token_server import SERVICE, TokenServer, running_token_server

LINUX = PLATFORMS["linux-64"]
PASSWORD = "won:der länd"
# as `htpasswd -nbB` makes it of alice and PASSWORD
HTPASSWD = "alice:$2y$05$abcdefghijklmnopqrstuuzk9Lswfp13bCHgxc6ebnX6.0pt2BxKS\n"
REPOSITORY = "team/app"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Layout:
    return new_layout(tmp_path_factory.mktemp("source"))


@pytest.fixture(scope="module")
def manifest(source: Layout) -> Descriptor:
    return add_image(source, [add_layer(source, file(f"layer{n}", b"layer")) for n in range(8)])


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory, source: Layout, manifest: Descriptor) -> Path:
    """The folder of a registry that has the image and let everybody in."""
    folder = tmp_path_factory.mktemp("stocked")
    with running_registry(folder) as registry:
        push(source, manifest, registry, f"{REPOSITORY}:1")
    return folder


@pytest.fixture
def guarded(stocked: Path) -> Iterator[Registry]:
    (stocked / "htpasswd").write_text(HTPASSWD)
    with running_registry(stocked, {"htpasswd": {"realm": "a, realm", "path": str(stocked / "htpasswd")}}) as registry:
        yield registry


@pytest.fixture(scope="module")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tokens")


@pytest.fixture
def tokens(key_folder: Path) -> Iterator[TokenServer]:
    with running_token_server(key_folder) as server:
        server.users["alice"] = PASSWORD
        yield server


@pytest.fixture
def with_tokens(stocked: Path, tokens: TokenServer) -> Iterator[Registry]:
    with running_registry(stocked, tokens.registry_setting) as registry:
        yield registry


def reference(registry: Registry) -> Reference:
    return parse_reference(f"{registry.host}/{REPOSITORY}:1")


def client(home: Path, registry: Registry, login: Mapping[str, Any] | None) -> RegistryClient:
    auths = {registry.host: login} if login else {}
    (home / ".docker").mkdir(parents=True)
    (home / ".docker/config.json").write_text(json.dumps({"auths": auths}))
    return RegistryClient(Http(), Credentials({"HOME": str(home)}))


def password(text: str) -> dict[str, str]:
    return {"auth": base64.b64encode(f"alice:{text}".encode()).decode()}


def pull(tmp_path: Path, registry: Registry, login: Mapping[str, Any] | None) -> Descriptor:
    asking = client(tmp_path / "home", registry, login)
    resolved = asking.resolve(reference(registry), LINUX)
    return asking.pull(reference(registry).at(resolved.digest), Layout(tmp_path / "target"))


def test_a_password(tmp_path: Path, guarded: Registry, manifest: Descriptor) -> None:
    assert pull(tmp_path, guarded, password(PASSWORD)) == manifest


@pytest.mark.parametrize("login", [None, password("wrong"), {"identitytoken": "for token servers only"}])
def test_without_the_password(tmp_path: Path, guarded: Registry, login: Mapping[str, Any] | None) -> None:
    with pytest.raises(OutsideError) as caught:
        pull(tmp_path, guarded, login)
    asked = f"GET {guarded.url}/v2/{REPOSITORY}/manifests/1 answers 401 Unauthorized: authentication required"
    assert caught.value.message == f"`{guarded.host}` refuses to give `{reference(guarded)}` ({asked})"
    assert caught.value.hint == f"does it exist? if it is private: `docker login {guarded.host}`"


def test_netrc_is_for_other_servers(
    tmp_path: Path, guarded: Registry, manifest: Descriptor, isolated_home: Path
) -> None:
    """A password for this machine's other servers neither replaces the login nor is sent to the registry."""
    (isolated_home / ".netrc").write_text("machine 127.0.0.1 login alice password other\n")
    assert pull(tmp_path, guarded, password(PASSWORD)) == manifest


def test_a_token_for_whom_the_token_server_knows(
    tmp_path: Path, with_tokens: Registry, tokens: TokenServer, manifest: Descriptor
) -> None:
    assert pull(tmp_path, with_tokens, password(PASSWORD)) == manifest
    (asked,) = tokens.asked  # once, for ten blobs on four threads
    assert asked.method == "GET"
    assert asked.parameters == {"kind": "a,b", "service": SERVICE, "scope": f"repository:{REPOSITORY}:pull"}
    assert asked.authorization == f"Basic {password(PASSWORD)['auth']}"


def test_a_token_for_everybody(
    tmp_path: Path, with_tokens: Registry, tokens: TokenServer, manifest: Descriptor
) -> None:
    tokens.public.add(REPOSITORY)
    tokens.field_name = "access_token"
    assert pull(tmp_path, with_tokens, None) == manifest
    assert [asked.authorization for asked in tokens.asked] == [None]


def test_an_identity_token(tmp_path: Path, with_tokens: Registry, tokens: TokenServer, manifest: Descriptor) -> None:
    tokens.identity_tokens.add("who I am")
    assert pull(tmp_path, with_tokens, {"identitytoken": "who I am"}) == manifest
    (asked,) = tokens.asked
    assert (asked.method, asked.authorization) == ("POST", None)
    assert asked.parameters == {
        "service": SERVICE,
        "scope": f"repository:{REPOSITORY}:pull",
        "grant_type": "refresh_token",
        "refresh_token": "who I am",
        "client_id": "envlock",
    }


@pytest.mark.parametrize(
    ("login", "words"),
    [
        (None, "authentication required"),
        (password("mistaken"), "wrong name or password, see https://a.test/"),
        ({"identitytoken": "mistaken"}, "wrong name or password, see https://a.test/"),
    ],
)
def test_without_a_token(tmp_path: Path, with_tokens: Registry, login: Mapping[str, Any] | None, words: str) -> None:
    with pytest.raises(OutsideError) as caught:
        pull(tmp_path, with_tokens, login)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"`{with_tokens.host}` refuses to give `{reference(with_tokens)}` (")
    assert caught.value.hint == f"does it exist? if it is private: `docker login {with_tokens.host}`"


def test_a_token_that_has_run_out_is_replaced(
    tmp_path: Path, with_tokens: Registry, tokens: TokenServer, manifest: Descriptor
) -> None:
    tokens.seconds = -100  # the registry forgives a minute
    asking = client(tmp_path / "home", with_tokens, password(PASSWORD))
    with pytest.raises(OutsideError, match="401"):
        asking.resolve(reference(with_tokens), LINUX)
    tokens.seconds = 300
    resolved = asking.resolve(reference(with_tokens), LINUX)
    assert asking.pull(reference(with_tokens).at(resolved.digest), Layout(tmp_path / "target")) == manifest
    assert len(tokens.asked) == 2


def test_each_repository_has_a_token_of_its_own(tmp_path: Path, with_tokens: Registry, tokens: TokenServer) -> None:
    asking = client(tmp_path / "home", with_tokens, password(PASSWORD))
    asking.resolve(reference(with_tokens), LINUX)
    with pytest.raises(OutsideError, match="404"):
        asking.resolve(parse_reference(f"{with_tokens.host}/other:1"), LINUX)
    scopes = [asked.parameters["scope"] for asked in tokens.asked]
    assert scopes == [f"repository:{REPOSITORY}:pull", "repository:other:pull"]
