"""Loading into an engine: what it says of it is believed, whichever way it says no."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from envlock.errors import OutsideError
from envlock.images.docker_engine.loading import load
from tests.support.docker_engine import Engine
from tests.support.oci_images import new_layout, small_image

NAME = "small:lock-0123456789abcdef"


@contextmanager
def engine_that_answers(status: int, line: dict[str, object]) -> Iterator[str]:
    """An engine that takes the whole image and then says this."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, {"ApiVersion": "1.41", "Version": "20.10"})

        def do_POST(self) -> None:
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + 2)
            self.rfile.readline()
            self._answer(status, line)

        def _answer(self, code: int, value: dict[str, object]) -> None:
            body = json.dumps(value).encode() + b"\r\n"
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"tcp://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("status", "line", "why"),
    [
        (500, {"message": "no space left on device"}, "no space left on device"),
        (200, {"errorDetail": {"message": "bad"}, "error": "Error processing tar file"}, "Error processing tar file"),
    ],
)
def test_an_engine_that_refuses_is_no_success(tmp_path: Path, status: int, line: dict[str, object], why: str) -> None:
    image = small_image(new_layout(tmp_path / "layout"))
    with engine_that_answers(status, line) as url, pytest.raises(OutsideError) as refusal:
        load(image, [NAME], {"DOCKER_HOST": url})
    assert refusal.value.message == f"the Docker engine refuses: {why}"


def test_a_loaded_image_is_there(tmp_path: Path, docker_engine: Engine) -> None:
    image = small_image(new_layout(tmp_path / "layout"))
    load(image, [NAME], {"DOCKER_HOST": docker_engine.url})
    assert docker_engine.client.images.get(NAME).tags == [NAME]
    docker_engine.client.images.remove(NAME)
