"""Which tokens are asked for, with what words, and for how long and for what they are shown."""

import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envlock.model.reference import Reference, parse_reference
from envlock.registry.credentials import Credentials, Login
from envlock.registry.exchange import Exchange
from envlock.system.http import Http
from envlock.system.secrets import Secret
from tests.support.http_server import at_service

BEARER = 'Bearer realm="{url}/token",service="a, b"'


@dataclass
class Closed:
    """A registry and its token server in one; it lets in who shows `good`."""

    challenge: str = BEARER
    answer: str = '{"token": "good"}'
    good: str = "Bearer good"
    port: int = 0
    shown: list[str | None] = field(default_factory=list)  # to the registry
    asked: list[Mapping[str, list[str]]] = field(default_factory=list)  # of the token server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def reference(self, repository: str = "a") -> Reference:
        return parse_reference(f"127.0.0.1:{self.port}/{repository}:1")


class Known(Credentials):
    """A login that stands in no file, and how often it is looked for."""

    def __init__(self, login: Login | None = None) -> None:
        super().__init__({})
        self.times = 0
        self._known = login

    def login(self, reference: Reference) -> Login | None:  # noqa: ARG002 - the name is of the base class
        self.times += 1
        return self._known


@pytest.fixture
def registry() -> Iterator[Closed]:
    with running(Closed()) as closed:
        yield closed


@contextmanager
def running(closed: Closed) -> Iterator[Closed]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            if path == "/token":
                closed.asked.append(urllib.parse.parse_qs(query))
                return self._say(200, {}, closed.answer.encode())
            closed.shown.append(self.headers["Authorization"])
            if self.headers["Authorization"] == closed.good:
                return self._say(200, {}, b"")
            return self._say(401, {"WWW-Authenticate": closed.challenge.format(url=closed.url)}, b"")

        def _say(self, status: int, headers: Mapping[str, str], content: bytes) -> None:
            self.send_response_only(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """Print nothing."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    closed.port = listener.server_address[1]
    with at_service(listener):
        yield closed


def ask(exchange: Exchange, registry: Closed, scope: str = "pull", repository: str = "a") -> int:
    accepted = (200, 401)
    with exchange.ask("GET", registry.reference(repository), "tags/list", scope=scope, accepted=accepted) as answer:
        return answer.status_code


def exchange_as(login: Login | None = None) -> Exchange:
    return Exchange(Http(), Known(login))


def test_a_token_to_write_serves_to_read(registry: Closed) -> None:
    exchange = exchange_as()
    assert [ask(exchange, registry, scope) for scope in ("pull,push", "pull", "pull,push")] == [200] * 3
    assert registry.asked == [{"service": ["a, b"], "scope": ["repository:a:pull,push"]}]
    assert registry.shown == [None, *["Bearer good"] * 3]


def test_a_token_to_read_does_not_serve_to_write(registry: Closed) -> None:
    exchange = exchange_as()
    assert [ask(exchange, registry, scope) for scope in ("pull", "pull,push")] == [200] * 2
    assert [asked["scope"] for asked in registry.asked] == [["repository:a:pull"], ["repository:a:pull,push"]]
    assert registry.shown == [None, "Bearer good", "Bearer good"]  # the second was not missed first


@pytest.mark.parametrize(
    ("named", "scopes"),
    [
        ("repository:a:pull", ["repository:a:pull,push"]),
        ("repository:a:push,pull", ["repository:a:pull,push"]),
        ("repository:a:delete", ["repository:a:pull,push"]),
        ("repository:a:* repository:b:delete,metadata_read", ["repository:a:pull,push", "repository:b:metadata_read"]),
        ("repository:of/proxy/a:pull", ["repository:a:pull,push", "repository:of/proxy/a:pull"]),
        ("repository:a:pull registry:catalog:*", ["repository:a:pull,push", "registry:catalog:*"]),
        ("repository:host:5000/a:pull", ["repository:a:pull,push", "repository:host:5000/a:pull"]),
        ("", ["repository:a:pull,push"]),
    ],
)
def test_what_the_registry_wants_a_token_for(registry: Closed, named: str, scopes: list[str]) -> None:
    registry.challenge = f'{BEARER},scope="{named}"'
    assert ask(exchange_as(), registry, "pull,push") == 200
    assert [asked["scope"] for asked in registry.asked] == [scopes]


def test_who_only_reads_asks_for_no_more(registry: Closed) -> None:
    registry.challenge = f'{BEARER},scope="repository:a:pull,push,delete"'
    assert ask(exchange_as(), registry) == 200
    assert [asked["scope"] for asked in registry.asked] == [["repository:a:pull"]]


@pytest.mark.parametrize(
    ("answer", "times"),
    [
        ('{"token": "good"}', 1),
        ('{"access_token": "good", "expires_in": 300}', 1),
        ('{"token": "", "access_token": "good"}', 1),
        ('{"token": "good", "expires_in": "soon"}', 1),
        ('{"token": "good", "expires_in": null, "issued_at": "today"}', 1),
        ('{"token": "good", "expires_in": 0}', 3),
        ('{"token": "good", "expires_in": -5}', 3),
        ('{"token": "good", "expires_in": 1e300}', 1),
        (f'{{"token": "good", "expires_in": {10**400}}}', 1),
    ],
)
def test_how_long_a_token_is_good(registry: Closed, answer: str, times: int) -> None:
    registry.answer = answer
    exchange = exchange_as()
    assert [ask(exchange, registry) for _ in range(3)] == [200] * 3
    assert len(registry.asked) == times
    assert registry.shown.count(None) == 1


def test_a_token_that_is_not_taken_is_replaced_once(registry: Closed) -> None:
    exchange = exchange_as()
    assert ask(exchange, registry) == 200
    registry.good = "Bearer better"
    registry.answer = '{"token": "better"}'
    assert ask(exchange, registry) == 200
    registry.good = "Bearer best"
    assert ask(exchange, registry) == 401
    assert registry.shown[-2:] == ["Bearer better"] * 2


def test_a_registry_s_own_token_is_shown_as_it_is(registry: Closed) -> None:
    login = Login("", Secret("good"), is_registry_token=True)
    assert ask(exchange_as(login), registry) == 200
    assert registry.asked == []
    registry.good = "other"
    assert ask(exchange_as(login), registry) == 401
    assert registry.shown == [None, "Bearer good"] * 2


def test_a_password_is_shown_once_in_vain(registry: Closed) -> None:
    registry.challenge = 'Basic realm="a, Bearer b"'
    login = Login("alice", Secret("wonderland"))
    registry.good = login.basic.reveal()
    exchange = exchange_as(login)
    assert [ask(exchange, registry, scope) for scope in ("pull", "pull,push")] == [200] * 2
    assert registry.shown == [None, *[registry.good] * 2]
    registry.good = "other"
    assert ask(exchange, registry) == 401
    assert registry.shown[3:] == [login.basic.reveal()]


@pytest.mark.parametrize("challenge", [f'Basic realm="x", {BEARER}', f'{BEARER}, Basic realm="x"'])
def test_a_token_rather_than_a_password(registry: Closed, challenge: str) -> None:
    registry.challenge = challenge
    assert ask(exchange_as(Login("alice", Secret("wonderland"))), registry) == 200
    assert registry.shown == [None, "Bearer good"]


def test_who_we_are_is_looked_up_once(registry: Closed, tmp_path: Path) -> None:
    registry.answer = '{"token": "good", "expires_in": 0}'
    known = Known(Login("alice", Secret("wonderland")))
    exchange = Exchange(Http(), known)
    assert [ask(exchange, registry) for _ in range(3)] == [200] * 3
    assert known.times == 1


def test_each_repository_has_tokens_of_its_own(registry: Closed) -> None:
    exchange = exchange_as()
    assert [ask(exchange, registry, repository=name) for name in ("a", "b", "a")] == [200] * 3
    assert [asked["scope"] for asked in registry.asked] == [["repository:a:pull"], ["repository:b:pull"]]
