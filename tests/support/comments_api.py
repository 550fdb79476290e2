"""The comments of GitHub's and the notes of GitLab's REST interface on loopback: as they document them, and strict.

What a program would not be told by them, but does wrong all the same, is refused with 400 and kept in `wrong`.
"""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.support.comments_github import github
from tests.support.comments_gitlab import gitlab
from tests.support.comments_kept import Answer, Asked, CommentsApi, Wrong
from tests.support.http_server import at_service


@contextmanager
def running_comments_api() -> Iterator[CommentsApi]:
    """It has no comment yet, one pull request, 1, and knows one token, `token-of-a-job`."""
    api = CommentsApi()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"api": api}))
    api.port = listener.server_address[1]
    with at_service(listener):
        yield api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    api: CommentsApi

    def _answer(self) -> None:
        parts = urllib.parse.urlsplit(self.path)
        content = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        asked = Asked(
            method=self.command,
            path=parts.path,
            query=dict(urllib.parse.parse_qsl(parts.query, strict_parsing=bool(parts.query))),
            headers=dict(self.headers.items()),
            content=content,
            value=json.loads(content) if content else None,
        )
        answer = _answered(self.api, asked)
        if answer.breaks_off:
            self.close_connection = True
            return
        raw = answer.content if answer.content is not None else json.dumps(answer.value).encode()
        raw = b"" if answer.status == 204 else raw
        self.send_response(answer.status)
        kind = "text/html" if answer.content is not None else "application/json; charset=utf-8"
        for name, value in {"Content-Type": kind, **answer.headers}.items():
            self.send_header(name, value)
        if answer.status != 204:
            self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _answer

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is `CommentsApi.asked`."""


def _answered(api: CommentsApi, asked: Asked) -> Answer:
    """One request at a time."""
    with api.lock:
        api.asked.append(asked)
        planned = api.instead.pop(0) if api.instead else None
        if planned:
            return planned
        api.meanwhile.pop(asked.summary, lambda: None)()
        try:
            return (gitlab if asked.path.startswith("/api/v4/") else github)(api, asked)
        except Wrong as wrong:
            api.wrong.append(f"{asked.summary}: {wrong}")
            return Answer(status=400, value={"message": str(wrong)})
