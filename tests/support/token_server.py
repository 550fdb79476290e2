"""A token server on loopback: its tokens are signed, and a real registry checks them."""

from __future__ import annotations

import base64
import json
import threading
import time
import urllib.parse
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.support.http_server import at_service
from tests.support.processes import run
from tests.support.services import require

SERVICE, ISSUER = "registry of a test", "token server of a test"


@dataclass(frozen=True)
class Asked:
    """One request for a token: its query or form, all scopes in one, and its Authorization header."""

    method: str
    parameters: Mapping[str, str]
    authorization: str | None


@dataclass
class TokenServer:
    """Gives everybody tokens of what is `public`, and of all else to whom it knows: of `read_only` not to write."""

    folder: Path
    port: int = 0
    through: int = 0  # the port of a proxy by which it is to be asked
    users: dict[str, str] = field(default_factory=dict)  # name -> password
    identity_tokens: set[str] = field(default_factory=set)
    public: set[str] = field(default_factory=set)  # repositories
    read_only: set[str] = field(default_factory=set)
    hidden: set[str] = field(default_factory=set)  # from everybody
    seconds: int = 300  # how long a token is good
    field_name: str = "token"
    asked: list[Asked] = field(default_factory=list)
    _signs: threading.Lock = field(default_factory=threading.Lock)

    @property
    def realm(self) -> str:
        return f"http://127.0.0.1:{self.through or self.port}/token?kind=a%2Cb"

    @property
    def registry_setting(self) -> Mapping[str, Any]:
        """What a registry is told to take this server's tokens."""
        trusted = str(self.folder / "token.crt")
        return {"token": {"realm": self.realm, "service": SERVICE, "issuer": ISSUER, "rootcertbundle": trusted}}

    def answer(self, asked: Asked) -> tuple[int, Mapping[str, Any]]:
        self.asked.append(asked)
        known = self._known(asked)
        if known is None:
            return 401, {
                "errors": [{"code": "UNAUTHORIZED", "message": "wrong name or password, see https://u:pw@a.test/"}]
            }
        access = [granted for scope in asked.parameters["scope"].split() for granted in self._granted(scope, known)]
        return 200, {self.field_name: self._token(access), "expires_in": self.seconds}

    def _granted(self, scope: str, known: bool) -> Iterator[dict[str, Any]]:
        kind, repository, actions = scope.split(":")
        if repository in self.public or (known and repository not in self.hidden):
            denied = {"push"} if repository in self.read_only else set()
            yield {"type": kind, "name": repository, "actions": sorted({*actions.split(",")} - denied)}

    def _known(self, asked: Asked) -> bool | None:
        """Is it somebody we know? None where it is somebody who only says so."""
        if asked.method == "POST":
            return asked.parameters.get("refresh_token") in self.identity_tokens or None
        if asked.authorization is None:
            return False
        scheme, _, pair = asked.authorization.partition(" ")
        name, _, password = base64.b64decode(pair).decode().partition(":")
        return (scheme == "Basic" and self.users.get(name) == password) or None

    def _token(self, access: list[dict[str, Any]]) -> str:
        certificate = "".join((self.folder / "token.crt").read_text().splitlines()[1:-1])
        now = int(time.time())
        head = {"typ": "JWT", "alg": "RS256", "x5c": [certificate]}
        body = {"iss": ISSUER, "sub": "", "aud": SERVICE, "nbf": now - 300, "exp": now + self.seconds, "access": access}
        signed = ".".join(_base64(json.dumps(part).encode()) for part in (head, body))
        return f"{signed}.{_base64(self._signature(signed))}"

    def _signature(self, text: str) -> bytes:
        message, signature = self.folder / "message", self.folder / "signature"
        key = self.folder / "token.key"
        with self._signs:
            message.write_text(text)
            run((require("openssl", "openssl"), "dgst", "-sha256", "-sign", key, "-out", signature, message))
            return signature.read_bytes()


@contextmanager
def running_token_server(folder: Path) -> Iterator[TokenServer]:
    """A token server with a key of its own; change what it gives while it runs."""
    _make_key(folder)
    served = TokenServer(folder)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    served.port = listener.server_address[1]
    with at_service(listener):
        yield served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets, of which the second would wait
    served: TokenServer

    def do_GET(self) -> None:
        self._answer(urllib.parse.urlsplit(self.path).query)

    def do_POST(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])).decode())

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is `TokenServer.asked`."""

    def _answer(self, parameters: str) -> None:
        parts = urllib.parse.parse_qsl(parameters)
        scopes = " ".join(value for name, value in parts if name == "scope")
        asked = Asked(self.command, dict(parts) | {"scope": scopes}, self.headers["Authorization"])
        status, document = self.served.answer(asked)
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _make_key(folder: Path) -> None:
    key, certificate = folder / "token.key", folder / "token.crt"
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=token server of a test")
    run((require("openssl", "openssl"), *made, "-keyout", key, "-out", certificate))


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
