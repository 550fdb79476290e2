"""Encrypted connections: to whom this machine trusts, straight and through a proxy; and no longer than is wanted."""

import json
import socket
import ssl
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from envlock.errors import Interrupted
from envlock.system.http import Http
from envlock.system.wanted import until
from tests.support.http_server import at_service
from tests.support.processes import PROJECT, run, with_variables
from tests.support.services import require

ASKED = """
import json, sys
from envlock.errors import OutsideError
from envlock.system.http import Http

def answers(ask):
    try:
        return ask(sys.argv[1])
    except OutsideError as error:
        return error.hint

def exactly(url):
    with Http().request("GET", url) as response:
        return response.text

def read(url):
    return Http().read(url).decode()

print(json.dumps([answers(globals()[ask]) for ask in sys.argv[2:]]))
"""
REFUSED = "does this machine trust its certificate?"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.asked.append(self.path)  # type: ignore[attr-defined]
            self.connection.recv(1)  # until who asked is gone
            return
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"good")

    def do_CONNECT(self) -> None:
        host, _, port = self.path.partition(":")
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        with socket.create_connection((host, int(port))) as onward:
            self.send_response(200)
            self.end_headers()
            back = threading.Thread(target=_pass, args=(onward, self.connection))
            back.start()
            _pass(self.connection, onward)
            back.join()
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing."""


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while piece := source.recv(4096):
            target.sendall(piece)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@contextmanager
def running(certificate: Path | None = None) -> Iterator[tuple[int, list[str]]]:
    """A server, or a proxy; its port, and where it was asked to connect to."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    asked: list[str] = []
    listener.asked = asked  # type: ignore[attr-defined]
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        listener.socket = context.wrap_socket(listener.socket, server_side=True)
    with at_service(listener):
        yield listener.server_address[1], asked


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A server's certificate and its key."""
    folder = tmp_path_factory.mktemp("certificate")
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=a server of a test")
    parts = (folder / "key.pem", folder / "certificate.pem")
    outputs = ("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", parts[0], "-out", parts[1])
    run((require("openssl", "openssl"), *made, *outputs))
    path = folder / "both.pem"
    path.write_text("".join(part.read_text() for part in parts))
    return path


@pytest.mark.parametrize(("trusted", "through_proxy"), [(True, False), (True, True), (False, True)])
def test_certificates_are_those_of_the_machine(certificate: Path, *, trusted: bool, through_proxy: bool) -> None:
    with running(certificate) as (port, _), running() as (proxy, connected):
        variables = with_variables({"PYTHONPATH": str(PROJECT), "NO_PROXY": "", "no_proxy": ""})
        if trusted:
            variables["SSL_CERT_FILE"] = str(certificate)
        if through_proxy:
            variables["HTTPS_PROXY"] = f"http://127.0.0.1:{proxy}"
        asks = ("exactly", "read") if trusted else ("exactly",)  # the latter would try again and again
        program = (sys.executable, "-c", ASKED, f"https://127.0.0.1:{port}/", *asks)
        assert json.loads(run(program, environment=variables)) == ["good" if trusted else REFUSED] * len(asks)
        assert bool(connected) == through_proxy


def test_a_silent_answer_is_left_once_it_is_not_wanted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "*")
    stopped = threading.Event()
    with running(certificate) as (port, asked):

        def stop() -> None:
            while not asked:
                threading.Event().wait(0.01)
            stopped.set()

        thread = threading.Thread(target=stop)
        thread.start()
        with (
            until(stopped),
            pytest.raises(Interrupted, match="another transfer failed"),
            Http().request("GET", f"https://127.0.0.1:{port}/silent"),
        ):
            pass
        thread.join()
