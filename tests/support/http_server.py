"""A file server on loopback that keeps a log, answers ranges, and can be told to answer something else."""

from __future__ import annotations

import mimetypes
import re
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Response:
    content: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    breaks_off_after: int | None = None  # bytes of the content, then the connection is closed
    waits_for: threading.Event | None = None  # until then only the headers are sent


@dataclass(frozen=True)
class Request:
    method: str
    path: str  # decoded, without the query
    headers: Mapping[str, str]


Page = Callable[[Request], Response | None]


@dataclass
class FileServer:
    """`overrides` may be changed while it runs: by path the bytes, status or response to give instead."""

    port: int
    requests: list[tuple[str, str]] = field(default_factory=list)
    overrides: dict[str, bytes | int | Response] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def folder_pages(root: Path) -> Page:
    """The files below `root`, and nothing outside it."""

    def page(request: Request) -> Response | None:
        path = (root / request.path.lstrip("/")).resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            return None
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        return Response(content=path.read_bytes(), headers={"Content-Type": kind})

    return page


@contextmanager
def at_service(listener: ThreadingHTTPServer) -> Iterator[None]:
    """While inside, each request is answered in a thread of its own."""
    listener.daemon_threads = True
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


@contextmanager
def serve(page: Page) -> Iterator[FileServer]:
    """A server of what `page` answers; its None is 404."""
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    served = FileServer(port=listener.server_address[1])
    _Handler.bind(listener, served, page)
    with at_service(listener):
        yield served


@contextmanager
def serve_folder(root: Path) -> Iterator[FileServer]:
    with serve(folder_pages(root)) as served:
        yield served


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets, of which the second would wait
    served: FileServer
    page: Page

    @classmethod
    def bind(cls, listener: ThreadingHTTPServer, served: FileServer, page: Page) -> None:
        """Give this listener a handler of its own: several servers run in one process."""
        own = type("Handler", (cls,), {"served": served, "page": staticmethod(page)})
        listener.RequestHandlerClass = own

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is `FileServer.requests`."""

    def _answer(self, *, with_body: bool) -> None:
        path = urllib.parse.unquote(urllib.parse.urlsplit(self.path).path)
        request = Request(self.command, path, dict(self.headers.items()))
        self.served.requests.append((request.method, path))
        response = self._response(request)
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.content)))
        self.end_headers()
        if response.waits_for is not None:
            self.wfile.flush()
            response.waits_for.wait()
        if with_body:
            self.wfile.write(response.content[: response.breaks_off_after])
        self.close_connection = self.close_connection or response.breaks_off_after is not None

    def _response(self, request: Request) -> Response:
        override = self.served.overrides.get(request.path)
        if isinstance(override, int):
            return Response(status=override)
        if isinstance(override, bytes):
            override = Response(content=override)
        response = override or self.page(request) or Response(status=HTTPStatus.NOT_FOUND)
        return ranged(response, request.headers.get("Range"))


def ranged(response: Response, wanted: str | None) -> Response:
    """The part of a whole answer that a Range header of one range asks for."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", wanted or "")
    if response.status != HTTPStatus.OK or match is None or match.group() == "bytes=-":
        return replace(response, headers={**response.headers, "Accept-Ranges": "bytes"})
    size = len(response.content)
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    end = min(int(last), size - 1) if first and last else size - 1
    if start > end:
        return Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{size}"})
    return Response(
        content=response.content[start : end + 1],
        status=HTTPStatus.PARTIAL_CONTENT,
        headers={**response.headers, "Content-Range": f"bytes {start}-{end}/{size}"},
    )


def fetched(url: str, **headers: str) -> tuple[int, bytes]:
    """Status and content of one GET, which no proxy sees."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
