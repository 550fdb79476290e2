"""A proxy in front of a real registry, which lets everything through and fails on request."""

from __future__ import annotations

import http.client
import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

from tests.support.http_server import at_service

PIECE = 4096
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass(kw_only=True)
class Fault:
    """What goes wrong with the requests that it matches: `times` of them, after the first `spares`."""

    method: str
    path: str  # a regular expression, found anywhere in path and query
    times: int = 1
    spares: int = 0
    # answered at once, without asking the registry
    status: int | None = None
    content: bytes = b""
    # with all that was shown, in words of the registry
    echoes: bool = False
    # and before the request's body has come
    early: bool = False
    # on whichever answer there is; None takes one away
    headers: Mapping[str, str | None] = field(default_factory=dict)
    # the origin of another server, to which answers send on: in a redirect, or in the place of an upload
    moves_to: str | None = None
    # bytes of the request's body that reach the registry before the connection is reset
    upload_breaks_at: int | None = None
    # the same of the answer's body; by `closes` it only ends
    answer_breaks_at: int | None = None
    closes: bool = False
    # the registry has done it, and nobody hears of it
    answer_is_lost: bool = False
    corrupts_upload: bool = False
    corrupts_answer: bool = False
    # a byte at a time
    drips: bool = False
    hit: int = 0

    def matches(self, method: str, path: str) -> bool:
        return method == self.method and re.search(self.path, path) is not None


@dataclass(frozen=True)
class Seen:
    method: str
    path: str  # with the query
    authorization: str | None
    received: int  # bytes of its body
    status: int | None  # None where it was reset


@dataclass
class RegistryProxy:
    """`faults` may be changed while it runs. `watch` is called with the number of each point that is passed:
    a request that comes, a piece of its body, an answer before it goes."""

    upstream: str  # "127.0.0.1:PORT"
    port: int = 0
    faults: list[Fault] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    watch: Callable[[int], None] | None = None
    points: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _under_way: int = 0
    _ended: threading.Condition = field(default_factory=threading.Condition)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    def reset(self) -> None:
        """As if it had just been started."""
        self.faults, self.watch = [], None
        self.seen.clear()
        self.points = 0

    def fails(self, fault: Fault) -> Fault:
        self.faults.append(fault)
        return fault

    @property
    def received(self) -> int:
        """Bytes of all bodies that have come."""
        return sum(seen.received for seen in self.seen)

    def count(self, method: str, path: str = "") -> int:
        return sum(1 for seen in self.seen if seen.method == method and re.search(path, seen.path))

    def fault_for(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if not fault.matches(method, path):
                    continue
                if fault.spares:
                    fault.spares -= 1
                elif fault.hit < fault.times:
                    fault.hit += 1
                    return fault
        return None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        with self._ended:
            self._under_way += 1
        try:
            yield
        finally:
            with self._ended:
                self._under_way -= 1
                self._ended.notify_all()

    def settle(self) -> None:
        """Waits until nothing is under way any more."""
        with self._ended:
            assert self._ended.wait_for(lambda: not self._under_way, timeout=30)

    def passed(self) -> None:
        with self._lock:
            self.points += 1
            if self.watch:
                self.watch(self.points)


@contextmanager
def running_proxy(upstream: str) -> Iterator[RegistryProxy]:
    proxy = RegistryProxy(upstream)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": proxy}))
    proxy.port = listener.server_address[1]
    with at_service(listener):
        yield proxy


class _Reset(Exception):
    """The connection is to be cut."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 0
    disable_nagle_algorithm = True
    proxy: RegistryProxy

    def do_GET(self) -> None:
        with self.proxy.at_work():
            self._exchange()

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is `RegistryProxy.seen`."""

    def _exchange(self) -> None:
        self.proxy.passed()
        self.received = 0
        fault = self.proxy.fault_for(self.command, self.path) or Fault(method="", path="")
        try:
            if fault.status:
                self._failed(fault)
            else:
                self._forwarded(fault)
        except _Reset:
            # closed with this option, a connection is reset
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.rfile.close()
            self.connection.close()
            self.close_connection = True
        except OSError:  # who asked is gone
            self.close_connection = True

    def _note(self, status: int | None) -> None:
        """Before who asked can know of it."""
        seen = Seen(self.command, self.path, self.headers["Authorization"], self.received, status)
        self.proxy.seen.append(seen)

    def _failed(self, fault: Fault) -> None:
        shown = ""
        if fault.early:
            self.close_connection = True
        else:
            content = b"".join(self._body(fault))
            shown = f"you said {self.headers['Authorization']} and {content[:1000]!r}"
        self._answer(
            fault, fault.status or 500, {}, json.dumps({"message": shown}).encode() if fault.echoes else fault.content
        )

    def _forwarded(self, fault: Fault) -> None:
        registry = http.client.HTTPConnection(self.proxy.upstream, timeout=30)
        try:
            registry.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                registry.putheader(name, value)
            registry.endheaders()
            try:
                for piece in self._body(fault):
                    registry.send(piece)
            except OSError as error:
                raise _Reset from error
            answer = registry.getresponse()
            headers = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP}
            content = answer.read()
            length = int(answer.headers.get("Content-Length", 0)) if self.command == "HEAD" else len(content)
        finally:
            registry.close()
        if fault.answer_is_lost:
            self._note(None)
            raise _Reset
        self._answer(fault, answer.status, headers, content, length)

    def _body(self, fault: Fault) -> Iterator[bytes]:
        """The body of the request, as much of it as the fault lets through."""
        left = int(self.headers.get("Content-Length", 0))
        while left or fault.upload_breaks_at is not None:
            wanted = PIECE if fault.upload_breaks_at is None else min(PIECE, fault.upload_breaks_at - self.received)
            piece = self.rfile.read(min(wanted, left))
            if not piece:  # also where whoever sends it is gone
                self._note(None)
                raise _Reset
            self.received += len(piece)
            left -= len(piece)
            self.proxy.passed()
            yield _damaged(piece) if fault.corrupts_upload and not left else piece

    def _answer(
        self, fault: Fault, status: int, headers: Mapping[str, str], content: bytes, length: int | None = None
    ) -> None:
        self.proxy.passed()
        self._note(status)
        content = _damaged(content) if fault.corrupts_answer and content else content
        length = len(content) if length is None else length
        told = {"content-length": str(length), **_lower(headers), **_lower(fault.headers)}
        if fault.moves_to is not None:
            place = urlsplit(told.get("location") or self.path)
            told["location"] = f"{fault.moves_to}{place.path}?{place.query}"
        self.send_response_only(status)
        for name, value in told.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self._send(fault, content)

    def _send(self, fault: Fault, content: bytes) -> None:
        if fault.drips:
            for byte in content:
                self.wfile.write(bytes((byte,)))
        else:
            self.wfile.write(content[: fault.answer_breaks_at])
        if fault.answer_breaks_at is None:
            return
        if not fault.closes:
            raise _Reset
        self.close_connection = True


def _damaged(data: bytes) -> bytes:
    return data[:-1] + bytes((data[-1] ^ 1,))


def _lower(headers: Mapping[str, str | None]) -> dict[str, str | None]:
    return {name.lower(): value for name, value in headers.items()}
