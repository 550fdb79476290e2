"""The door to HTTP: tries again, stops at limits, names servers without secrets, waits for nobody for ever."""

import io
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from envlock.errors import OutsideError
from envlock.system import http as door
from envlock.system import http_connections as connections
from envlock.system.body import UNCHANGED, Body
from envlock.system.http import PIECE, BrokenOff, Http, RequestFailed, pieces
from tests.support.http_server import FileServer, Request, Response, serve

MIB = 1 << 20


class Pages:
    """Answers by path in turn, the last one again and again; and every request as it came."""

    def __init__(self, **answers: list[Response]) -> None:
        self.answers = {f"/{path}": answer for path, answer in answers.items()}
        self.asked: list[Request] = []

    def __call__(self, request: Request) -> Response | None:
        self.asked.append(request)
        answers = self.answers.get(request.path, [])
        return answers.pop(0) if len(answers) > 1 else next(iter(answers), None)


GOOD = Response(content=b"good")


@pytest.fixture
def pages() -> Pages:
    return Pages(good=[GOOD], gone=[Response(status=410)], forbidden=[Response(status=403)])


@pytest.fixture
def server(pages: Pages) -> Iterator[FileServer]:
    with serve(pages) as running:
        yield running


def with_login(server: FileServer, path: str) -> str:
    return f"http://me:word@127.0.0.1:{server.port}/{path}?sig=secret"


def downloaded(url: str, *, limit: int | None = None) -> bytes | None:
    target = io.BytesIO()
    return target.getvalue() if Http().download(url, target, limit=limit) else None


def test_a_body(server: FileServer) -> None:
    assert Http().read(f"{server.url}/good") == b"good"
    assert downloaded(f"{server.url}/good", limit=4) == b"good"


def test_nothing_there(server: FileServer) -> None:
    assert Http().read(f"{server.url}/nothing") is None
    assert downloaded(f"{server.url}/nothing") is None
    assert downloaded(f"{server.url}/gone") is None


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_server_that_is_busy_is_asked_again(server: FileServer, pages: Pages, status: int) -> None:
    pages.answers["/busy"] = [Response(status=status), GOOD]
    assert Http().read(f"{server.url}/busy") == b"good"
    assert server.requests == [("GET", "/busy")] * 2


def test_what_the_server_says_about_when_is_heard(server: FileServer, pages: Pages) -> None:
    pages.answers["/busy"] = [Response(status=503, headers={"Retry-After": "0"}), GOOD]
    assert downloaded(f"{server.url}/busy") == b"good"


def test_a_refusal_is_final_and_names_no_login(server: FileServer) -> None:
    with pytest.raises(OutsideError) as failure:
        Http().read(with_login(server, "forbidden"))
    assert failure.value.message == f"{server.url}/forbidden answers 403 Forbidden"
    with pytest.raises(OutsideError) as failure:
        downloaded(with_login(server, "forbidden"))
    assert failure.value.message == f"{server.url}/forbidden answers 403 Forbidden"
    assert len(server.requests) == 2


def test_what_is_sent_is_not_sent_twice(server: FileServer) -> None:
    """Nobody knows what the server has made of the first."""
    with Http().request("POST", f"{server.url}/busy", body={"a": "b"}) as response:
        assert response.status_code == 501  # ours knows no POST


def test_more_than_there_should_be(server: FileServer, pages: Pages) -> None:
    pages.answers["/long"] = [Response(content=b"x" * (3 * MIB))]
    target = io.BytesIO()
    with pytest.raises(OutsideError) as failure:
        Http().download(with_login(server, "long"), target, limit=MIB)
    assert failure.value.message == f"{server.url}/long sends more than the {MIB} bytes it should"
    assert len(target.getvalue()) <= MIB
    assert downloaded(f"{server.url}/long", limit=3 * MIB) == b"x" * (3 * MIB)


def test_a_body_that_ends_too_soon(server: FileServer, pages: Pages) -> None:
    pages.answers["/short"] = [Response(content=b"x" * 10, breaks_off_after=4)]
    with pytest.raises(BrokenOff) as failure:
        downloaded(with_login(server, "short"))
    assert failure.value.message == f"{server.url}/short broke off before its end"


def test_offline_nobody_is_asked(server: FileServer) -> None:
    with pytest.raises(OutsideError) as failure:
        Http(offline=True).read(with_login(server, "good"))
    assert failure.value.message == f"{server.url}/good is needed, and this is --offline"
    assert server.requests == []


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://me:word@[oops/x?y", "no answer from http://[oops/x (InvalidURL)"),
        ("gopher://me:word@acme.test/x", "no answer from gopher://acme.test/x (InvalidSchema)"),
    ],
)
def test_what_is_no_address(url: str, message: str) -> None:
    with pytest.raises(OutsideError) as failure:
        Http().read(url)
    assert (failure.value.message, failure.value.hint) == (message, "is the network there?")


@contextmanager
def silent() -> Iterator[str]:
    """A server that takes requests and never answers; after 20 seconds it hangs up, so that no test waits for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        taken: list[socket.socket] = []

        def take() -> None:
            try:
                while True:
                    taken.append(listener.accept()[0])
            except OSError:
                return

        def hang_up() -> None:
            for connection in taken:
                connection.close()

        thread, watchdog = threading.Thread(target=take, daemon=True), threading.Timer(20, hang_up)
        thread.start()
        watchdog.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        finally:
            watchdog.cancel()
            hang_up()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_server_that_never_answers_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "TIMEOUT", (0.2, 0.2))
    with silent() as url, pytest.raises(OutsideError) as failure, Http().request("POST", url):
        pass
    assert failure.value.message == f"no answer from {url} (ReadTimeout)"


def test_nor_by_libraries_that_use_the_session_and_set_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "TIMEOUT", (0.2, 0.2))
    with silent() as url, pytest.raises(RequestFailed, match="timed out"):
        Http().session.post(url)


@contextmanager
def dripping() -> Iterator[str]:
    """A server that sends its answers byte by byte, without end, until nobody wants them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            with suppress(OSError):
                while True:
                    connection = listener.accept()[0]
                    with suppress(OSError), connection:
                        connection.recv(PIECE)
                        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
                        while True:
                            connection.sendall(b".")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_a_server_that_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SPAN", 0.001)
    monkeypatch.setattr(connections, "LEAST", 1 << 40)
    with dripping() as url, Http().request("GET", url) as response, pytest.raises(BrokenOff, match="broke off"):
        list(pieces(response, limit=None))


def asked_of(pages: Pages) -> list[str | None]:
    return [request.headers.get("Authorization") for request in pages.asked]


BASIC = "Basic bWU6d29yZA=="  # me:word


def test_a_login_is_said_to_its_server_alone(server: FileServer, pages: Pages) -> None:
    with serve(pages) as other:
        http = Http()
        http.log_in(f"{server.url}/simple/", "me", "word")
        for url in (server.url, other.url, server.url.replace("127.0.0.1", "localhost")):
            assert http.read(f"{url}/good") == b"good"
    assert asked_of(pages) == [BASIC, None, None]


def test_a_login_does_not_follow_to_another_server(server: FileServer, pages: Pages) -> None:
    with serve(pages) as other:
        pages.answers["/moved"] = [Response(status=302, headers={"Location": f"{other.url}/good"})]
        http = Http()
        http.log_in(server.url, "me", "word")
        assert http.read(f"{server.url}/moved") == b"good"
    assert asked_of(pages) == [BASIC, None]


def test_netrc_is_asked_unless_the_caller_says_who_we_are(
    server: FileServer, pages: Pages, isolated_home: Path
) -> None:
    (isolated_home / ".netrc").write_text("machine 127.0.0.1 login me password word\n")
    assert Http().read(f"{server.url}/good") == b"good"
    with Http().request("GET", f"{server.url}/good", headers={"Authorization": "Bearer x"}):
        pass
    with Http().request("GET", f"{server.url}/good"):
        pass
    assert asked_of(pages) == [BASIC, "Bearer x", None]


# what is asked for again


def test_what_did_not_change_is_not_sent_again() -> None:
    tagged = {"ETag": '"one"', "Last-Modified": "Sat, 11 Jul 2026 10:16:37 GMT"}
    asked: list[Request] = []

    def page(request: Request) -> Response:
        asked.append(request)
        same = request.headers.get("If-None-Match") == tagged["ETag"]
        return Response(status=304, headers=tagged) if same else Response(content=b"good", headers=tagged)

    with serve(page) as server:
        first = Http().read_changed(f"{server.url}/x", etag=None, modified=None, limit=4)
        assert first == Body(data=b"good", etag=tagged["ETag"], modified=tagged["Last-Modified"])
        again = Http().read_changed(f"{server.url}/x", etag=first.etag, modified=first.modified, limit=4)
        assert again is UNCHANGED
    assert "If-None-Match" not in asked[0].headers
    assert asked[1].headers["If-Modified-Since"] == tagged["Last-Modified"]


def test_a_small_answer_that_breaks_off_is_asked_for_again(server: FileServer, pages: Pages) -> None:
    pages.answers["/cut"] = [Response(content=b"whole", breaks_off_after=2), Response(content=b"whole")]
    body = Http().read_changed(f"{server.url}/cut", etag=None, modified=None, limit=5)
    assert body == Body(data=b"whole")
    assert Http().read_changed(f"{server.url}/gone", etag=None, modified=None, limit=5) is None
    with pytest.raises(OutsideError, match="sends more than the 3 bytes it should"):
        Http().read_changed(f"{server.url}/good", etag=None, modified=None, limit=3)
