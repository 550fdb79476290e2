"""Where questions to registries go: in plain HTTP, to other hosts, and never through a public one to a private one."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.model.reference import parse_reference
from envlock.registry.credentials import Credentials
from envlock.registry.exchange import Exchange
from envlock.system.body import Streamed
from envlock.system.http import Http
from tests.support.http_server import Response, at_service, serve
from tests.support.processes import PROJECT, run, with_variables
from tests.support.services import require, require_root

GLOBAL = "1.1.1.1"  # on the loopback device of a network of our own, which leads nowhere
HOSTS = f"{GLOBAL} public.test\n127.0.0.1 inner.test home.test\n"
HIDDEN = "`inner.test` leads to 127.0.0.1, and that address is in a private network"


def test_a_private_address_is_not_sent_a_byte() -> None:
    with serve(lambda _request: Response(content=b"secret")) as server:
        with pytest.raises(OutsideError) as caught, Http().request("GET", f"{server.url}/x", only_public=True):
            pass
        assert caught.value.message == "`127.0.0.1` leads to 127.0.0.1, and that address is in a private network"
        assert server.requests == []
        with Http().request("GET", f"{server.url}/x") as response:
            assert response.content == b"secret"


@pytest.mark.parametrize("sent", [b"", b"1234", b"123456"])
def test_a_body_has_the_size_it_was_said_to_have(sent: bytes) -> None:
    with (
        answering("127.0.0.1", {}) as (port, _),
        pytest.raises(OutsideError, match="what is to be sent does not have the 5 bytes it should"),
        Http().request("PUT", f"http://127.0.0.1:{port}/", body=Streamed(lambda: iter((sent[:3], sent[3:])), 5)),
    ):
        pass


# in a network of our own


@contextmanager
def answering(address: str, routes: dict[str, tuple[int, dict[str, str]]]) -> Iterator[tuple[int, list[str]]]:
    """A server at any address: by method and path, status and headers; its port and what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append(f"{self.command} {self.path} {self.headers['Authorization']}")
            status, headers = routes.get(f"{self.command} {self.path}", (200, {}))
            self.send_response_only(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        do_POST = do_PUT = do_GET

    listener = ThreadingHTTPServer((address, 0), Handler)
    with at_service(listener):
        yield listener.server_address[1], asked


def told(exchange: Exchange, registry: str, method: str, path: str) -> str:
    """The status of an answer, or what is wrong, with its hint; of an upload also where it goes on."""
    reference = parse_reference(f"{registry}/team/app:1")
    try:
        with exchange.ask(method, reference, path, accepted=(200, 201, 202)) as response:
            if response.status_code != 202:
                return str(response.status_code)
            place = exchange.location(response)
        with exchange.ask("PUT", reference, place, body=b"blob", accepted=(200,)) as response:
            return str(response.status_code)
    except OutsideError as error:
        return " | ".join(filter(None, (error.message, error.hint)))


def in_a_network() -> str:
    """What a registry may make us do, as JSON: run where `GLOBAL` is an address of this machine."""
    with answering("127.0.0.1", {}) as (inner, asked_inside):
        there = f"http://inner.test:{inner}/x"
        routes = {
            "GET /v2/team/app/blobs/a": (307, {"Location": there}),
            "POST /v2/team/app/blobs/uploads/": (202, {"Location": there}),
            "GET /v2/team/app/manifests/1": (401, {"WWW-Authenticate": f'Bearer realm="{there}"'}),
        }
        questions = [("GET", "blobs/a"), ("POST", "blobs/uploads/"), ("GET", "manifests/1"), ("GET", "blobs/b")]
        with answering(GLOBAL, routes) as (public, _), answering("127.0.0.1", routes) as (home, _):
            exchange = Exchange(Http(wait=lambda _s: None), Credentials({}), ("public.test", "inner.test", "home.test"))
            of_public = [told(exchange, f"public.test:{public}", *question) for question in questions]
            seen = list(asked_inside)
            of_home = [told(exchange, f"home.test:{home}", *question) for question in questions[:2]]
            unnamed = told(
                Exchange(Http(wait=lambda _s: None), Credentials({})), f"public.test:{public}", "GET", "blobs/b"
            )
    return json.dumps({"public": of_public, "seen": seen, "home": of_home, "unnamed": unnamed})


def test_a_public_registry_cannot_reach_a_private_address_through_us(tmp_path: Path) -> None:
    require_root("a network of our own")
    hosts = tmp_path / "hosts"
    hosts.write_text(HOSTS)
    script = (
        f"mount --bind {hosts} /etc/hosts && ip link set lo up && ip address add {GLOBAL}/32 dev lo && "
        f"exec {sys.executable} -c 'from tests.test_registry_exchange import in_a_network; print(in_a_network())'"
    )
    require("ip", "iproute2")
    unshare = (require("unshare", "util-linux"), "--net", "--mount", "sh", "-c", script)
    variables = with_variables({"PYTHONPATH": str(PROJECT), "NO_PROXY": "*", "no_proxy": "*"})
    answers = json.loads(run(unshare, environment=variables))
    assert answers["public"] == [HIDDEN, HIDDEN, HIDDEN, "200"]
    assert answers["seen"] == []
    assert answers["home"] == ["200", "200"]
    message, hint = answers["unnamed"].split(" | ")
    assert message.startswith("no answer from https://public.test:")
    assert hint.startswith("if it speaks plain HTTP: `--insecure public.test:")
