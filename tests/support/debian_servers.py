"""A mirror and a snapshot archive on loopback, of the real files of an archive on disk.

What they are asked for is in `FileServer.requests`; `overrides` makes them answer something else: a status, other
bytes, or a `Response` that breaks off or waits.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.support.debian_archive import MIRROR, SECURITY_MIRROR, Archive, fields
from tests.support.http_server import FileServer, Page, Request, Response, folder_pages, serve

# when the snapshot archive looked at the mirror: later times are answered with this state, earlier ones with none
TAKEN = "20250615T120000Z"
ARCHIVE_PATH = re.compile(rf"/archive/({MIRROR}|{SECURITY_MIRROR})/(\d{{8}}T\d{{6}}Z)/(.+)")
BINARY_PATH = re.compile(r"/mr/binary/([^/]+)/([^/]+)/binfiles")
FILE_PATH = re.compile(r"/file/([0-9a-f]{40})")


@contextmanager
def serve_mirror(archive: Archive) -> Iterator[FileServer]:
    """A server whose `URL/debian` is the main archive and `URL/debian-security` the other one."""
    with serve(mirror_pages(archive)) as served:
        yield served


def mirror_pages(archive: Archive) -> Page:
    return conditional(folder_pages(archive.root))


@contextmanager
def serve_snapshot(archive: Archive) -> Iterator[FileServer]:
    """A snapshot archive that has every file of an archive's pools, listed there or not."""
    with serve(snapshot_pages(archive)) as served:
        yield served


def conditional(page: Page) -> Page:
    """The same pages with an ETag: who has it already is told so."""

    def answer(request: Request) -> Response | None:
        response = page(request)
        if response is None or response.status != HTTPStatus.OK:
            return response
        tag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
        headers = {"ETag": tag, "Last-Modified": formatdate(0, usegmt=True)}
        if request.headers.get("If-None-Match") == tag:
            return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
        return replace(response, headers={**response.headers, **headers})

    return answer


def snapshot_pages(archive: Archive) -> Page:
    def page(request: Request) -> Response | None:
        if (match := ARCHIVE_PATH.fullmatch(request.path)) is not None:
            return _as_of(archive, *match.groups())
        if (match := BINARY_PATH.fullmatch(request.path)) is not None:
            return _binary(archive, *match.groups())
        if (match := FILE_PATH.fullmatch(request.path)) is not None:
            found = [path for path in _debs(archive) if _sha1(path) == match[1]]
            return Response(content=found[0].read_bytes()) if found else None
        return None

    return page


def _as_of(archive: Archive, name: str, time: str, path: str) -> Response | None:
    if time == TAKEN:
        return folder_pages(archive.root / name)(Request("GET", f"/{path}", {}))
    if time < TAKEN:
        return None
    return Response(status=HTTPStatus.FOUND, headers={"Location": f"/archive/{name}/{TAKEN}/{path}"})


def _binary(archive: Archive, name: str, version: str) -> Response | None:
    named = [(path, fields(path)) for path in _debs(archive) if path.name.startswith(f"{name}_")]
    files = {path: control for path, control in named if control["Version"] == version}
    if not files:
        return None
    result = [{"architecture": control["Architecture"], "hash": _sha1(path)} for path, control in files.items()]
    told = {_sha1(path): [_file_info(archive, path)] for path in files}
    answer = {"binary": name, "binary_version": version, "fileinfo": told, "result": result}
    return Response(content=json.dumps(answer).encode(), headers={"Content-Type": "application/json"})


def _file_info(archive: Archive, path: Path) -> dict[str, Any]:
    name, _, folder = str(path.parent.relative_to(archive.root)).partition("/")
    times = {"first_seen": TAKEN, "last_seen": TAKEN}
    return {"name": path.name, "archive_name": name, "path": f"/{folder}", "size": path.stat().st_size, **times}


def _debs(archive: Archive) -> list[Path]:
    return sorted(archive.root.glob("*/pool/**/*.deb"))


@cache
def _sha1(path: Path) -> str:
    return hashlib.sha1(path.read_bytes(), usedforsecurity=False).hexdigest()
