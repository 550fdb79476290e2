"""A package index on this machine's loopback, for the time of one resolve: pages (PEP 691) and metadata (PEP 658).

It answers only who knows a word that was made for it, hands out no files, and says to the program that asks neither
where they are nor who we are there.
"""

import json
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import quote, unquote

from envlock.model.index_file import IndexFile
from envlock.model.wheel_metadata import WheelMetadata

_JSON = "application/vnd.pypi.simple.v1+json"


@dataclass(frozen=True, kw_only=True)
class Serving:
    """What is answered: the wheels of a distribution, and the metadata of a wheel by its file name. What goes wrong
    on the way is kept in `failures`: the program that asks would only say that it was refused."""

    wheels: Callable[[str], Sequence[IndexFile]]
    metadata: Callable[[str], WheelMetadata | None]
    failures: list[BaseException] = field(default_factory=list)

    def answer(self, words: Sequence[str]) -> tuple[str, bytes] | None:
        """Content type and body for a path below the secret word; None where there is nothing."""
        try:
            match [word for word in words if word]:
                case ["simple", name]:
                    files = self.wheels(name)
                    return (_JSON, _page(name, files)) if files else None
                case ["files", name] if name.endswith(".whl.metadata"):
                    metadata = self.metadata(name.removesuffix(".metadata"))
                    return ("text/plain; charset=utf-8", metadata_text(metadata).encode()) if metadata else None
        except Exception as error:  # noqa: BLE001 - raised again by who waits for the program
            self.failures.append(error)
        return None


@contextmanager
def serve(serving: Serving) -> Iterator[str]:
    """The URL of the index, while inside."""
    word = secrets.token_urlsafe(24)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            first, *words = (unquote(part) for part in self.path.partition("?")[0].strip("/").split("/"))
            found = serving.answer(words) if secrets.compare_digest(first.encode(), word.encode()) else None
            kind, body = found or ("text/plain", b"")
            self.send_response(HTTPStatus.OK if found else HTTPStatus.NOT_FOUND)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/{word}/simple/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def metadata_text(metadata: WheelMetadata) -> str:
    """METADATA that says the same, as far as resolvers read it."""
    lines = ["Metadata-Version: 2.1", f"Name: {metadata.name}", f"Version: {metadata.version}"]
    lines += [f"Requires-Python: {metadata.requires_python}"] if metadata.requires_python else []
    lines += [f"Requires-Dist: {requirement}" for requirement in metadata.requires_dist]
    lines += [f"Provides-Extra: {extra}" for extra in metadata.provides_extra]
    return "".join(f"{line}\n" for line in lines)


def _page(name: str, files: Sequence[IndexFile]) -> bytes:
    entries = [_entry(file) for file in files]
    page = {"meta": {"api-version": "1.0"}, "name": name, "files": entries}
    return json.dumps(page).encode()


def _entry(file: IndexFile) -> dict[str, Any]:
    return {
        "filename": file.file,
        "url": f"../../files/{quote(file.file)}",
        "hashes": {"sha256": file.sha256} if file.sha256 else {},
        "core-metadata": True,
        "yanked": (file.yanked or True) if file.yanked is not None else False,
    }
