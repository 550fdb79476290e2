"""A registry on loopback that knows all of the distribution spec 1.1 that we use, and takes nothing that it forbids.

It lists referrers, in pages, and can be told to mount nothing, to know no ranges, to break off, or to answer else.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

from envlock.model.image import INDEX_TYPE
from tests.support.http_server import at_service

PATH = re.compile(r"/v2/(?P<repository>[a-z0-9/]+)/(?P<kind>blobs/uploads|blobs|manifests|referrers)/(?P<name>.*)")


@dataclass(frozen=True)
class Asked:
    """One request: its path as it was sent, with the query, and how many bytes came with it."""

    method: str
    path: str
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    status: int
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class StrictRegistry:
    """`instead` may answer in its place: it is asked before each request, with how many bytes of body came."""

    port: int = 0
    mounts: bool = True
    ranges: bool = True
    page: int = 2  # referrers in a page
    lists: bool = True  # referrers at all
    breaks: dict[str, list[int]] = field(default_factory=dict)  # digest -> after how many bytes, once each
    instead: Callable[[Asked], Answer | None] = lambda _asked: None
    asked: list[Asked] = field(default_factory=list)
    forbidden: list[str] = field(default_factory=list)  # what was asked against the spec or our own promises
    blobs: dict[tuple[str, str], bytes] = field(default_factory=dict)
    manifests: dict[tuple[str, str], tuple[str, bytes]] = field(default_factory=dict)
    sessions: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def sent(self, method: str, word: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.method == method and word in asked.path]

    def new_session(self, repository: str) -> str:
        """The place of an upload."""
        session = f"session{next(self.numbers)}"
        self.sessions.add(session)
        return f"/v2/{repository}/blobs/uploads/{session}?state=a%2Fb"

    def answer(self, asked: Asked, body: bytes, headers: dict[str, str]) -> Answer:
        parts = urllib.parse.urlsplit(asked.path)
        if parts.path == "/v2/":
            return Answer(status=200)
        found = PATH.fullmatch(parts.path)
        if found is None:
            return _error(404, "NAME_UNKNOWN")
        query = dict(urllib.parse.parse_qsl(parts.query))
        repository, kind, name = found["repository"], found["kind"], found["name"]
        answers = {
            ("HEAD", "blobs"): lambda: self._blob(repository, name, {}),
            ("GET", "blobs"): lambda: self._blob(repository, name, headers),
            ("POST", "blobs/uploads"): lambda: self._begin(repository, query),
            ("PUT", "blobs/uploads"): lambda: self._upload(repository, name, query, body),
            ("DELETE", "blobs/uploads"): lambda: self._end(name),
            ("HEAD", "manifests"): lambda: self._manifest(repository, name),
            ("GET", "manifests"): lambda: self._manifest(repository, name),
            ("PUT", "manifests"): lambda: self._put(repository, name, body, headers),
            ("GET", "referrers"): lambda: self._referrers(repository, name, query),
        }
        wanted = answers.get((asked.method, kind))
        return wanted() if wanted else self._forbid(405, f"{asked.method} {kind}")

    def _blob(self, repository: str, digest: str, headers: dict[str, str]) -> Answer:
        content = self.blobs.get((repository, digest))
        if content is None:
            return _error(404, "BLOB_UNKNOWN")
        asked = re.fullmatch(r"bytes=(\d+)-", headers.get("range", ""))
        if asked and self.ranges:
            first = int(asked[1])
            told = {"Content-Range": f"bytes {first}-{len(content) - 1}/{len(content)}"}
            return Answer(status=206, content=content[first:], headers=told)
        return Answer(status=200, content=content, headers={"Docker-Content-Digest": digest})

    def _begin(self, repository: str, query: dict[str, str]) -> Answer:
        digest, source = query.get("mount"), query.get("from")
        if digest and self.mounts and (source, digest) in self.blobs:
            self.blobs[repository, digest] = self.blobs[source or "", digest]
            return Answer(status=201, headers={"Docker-Content-Digest": digest})
        return Answer(status=202, headers={"Location": self.new_session(repository)})

    def _upload(self, repository: str, session: str, query: dict[str, str], body: bytes) -> Answer:
        if session not in self.sessions or query.get("state") != "a/b":
            return self._forbid(404, f"an upload into {session}, which is not open")
        self.sessions.remove(session)
        digest = query.get("digest", "")
        if digest != digest_of(body):
            return self._forbid(400, f"{digest} with the bytes of another blob")
        self.blobs[repository, digest] = body
        return Answer(status=201, headers={"Docker-Content-Digest": digest})

    def _end(self, session: str) -> Answer:
        if session not in self.sessions:
            return self._forbid(404, f"an end of {session}, which is not open")
        self.sessions.remove(session)
        return Answer(status=204)

    def _manifest(self, repository: str, name: str) -> Answer:
        found = self.manifests.get((repository, name))
        if found is None:
            return _error(404, "MANIFEST_UNKNOWN")
        return Answer(status=200, content=found[1], headers={"Content-Type": found[0]})

    def _put(self, repository: str, name: str, body: bytes, headers: dict[str, str]) -> Answer:
        document = json.loads(body)
        digest = digest_of(body)
        blobs = [document["config"], *document["layers"]] if "layers" in document else []
        lacking = [blob["digest"] for blob in blobs if (repository, blob["digest"]) not in self.blobs]
        lacking += [
            m["digest"] for m in document.get("manifests", ()) if (repository, m["digest"]) not in self.manifests
        ]
        if lacking or document.get("mediaType") != headers.get("content-type") or (":" in name and name != digest):
            return self._forbid(400, f"a manifest that lacks {lacking}, or is of another type or digest")
        for each in (name, digest):
            self.manifests[repository, each] = (headers["content-type"], body)
        subject = document.get("subject", {}).get("digest")
        told = {"OCI-Subject": subject} if subject and self.lists else {}
        return Answer(status=201, headers={"Docker-Content-Digest": digest, **told})

    def _referrers(self, repository: str, subject: str, query: dict[str, str]) -> Answer:
        if not self.lists:
            return _error(404, "UNSUPPORTED")
        entries = [_entry(type_, body) for (r, name), (type_, body) in self.manifests.items() if r == repository]
        found = {e["digest"]: e for e in entries if e["subject"] == subject}
        wanted = [e for e in found.values() if query.get("artifactType") in (None, e["artifactType"])]
        first = int(query.get("n", 0))
        page = [{k: v for k, v in e.items() if k != "subject"} for e in wanted[first : first + self.page]]
        content = json.dumps({"schemaVersion": 2, "mediaType": INDEX_TYPE, "manifests": page}).encode()
        headers = {"Content-Type": INDEX_TYPE}
        if first + self.page < len(wanted):
            following = urllib.parse.urlencode({**query, "n": first + self.page})
            headers["Link"] = f'</v2/{repository}/referrers/{subject}?{following}>; rel="next"'
        return Answer(status=200, content=content, headers=headers)

    def _forbid(self, status: int, what: str) -> Answer:
        self.forbidden.append(what)
        return _error(status, what)


@contextmanager
def strict_registry(**settings: Any) -> Iterator[StrictRegistry]:
    """The registry, running; change what it does while it runs."""
    served = StrictRegistry(**settings)
    listener = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"served": served}))
    served.port = listener.server_address[1]
    with at_service(listener):
        yield served


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two packets, of which the second would wait
    served: StrictRegistry

    def answer(self) -> None:
        served = self.served
        headers = {name.lower(): value for name, value in self.headers.items()}
        if "transfer-encoding" in headers or self.command == "PATCH":
            served.forbidden.append("a body in chunks")
        length = int(headers.get("content-length", "0"))
        body = self.rfile.read(length)
        if len(body) < length:
            self.close_connection = True  # who asked has ended
            return
        asked = Asked(self.command, self.path, len(body))
        with served.lock:
            served.asked.append(asked)
            answer = served.instead(asked) or served.answer(asked, body, headers)
        with suppress(ConnectionError):
            self._send(answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the log is `StrictRegistry.asked`."""

    def _send(self, answer: Answer) -> None:
        breaks = self.served.breaks.get(self.path.rpartition("/")[2]) if self.command == "GET" else None
        content = answer.content[: breaks.pop(0)] if breaks else answer.content
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
        self.close_connection = len(content) < len(answer.content)


def _entry(media_type: str, body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    return {
        "mediaType": media_type,
        "digest": digest_of(body),
        "size": len(body),
        "artifactType": document.get("artifactType", document.get("config", {}).get("mediaType")),
        "annotations": document.get("annotations", {}),
        "subject": document.get("subject", {}).get("digest"),
    }


def _error(status: int, code: str) -> Answer:
    return Answer(status=status, content=json.dumps({"errors": [{"code": code, "message": code}]}).encode())
