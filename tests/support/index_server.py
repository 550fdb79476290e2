"""A package index on loopback over folders of wheels: PEP 503 and 691 pages, PEP 658 metadata, hashes."""

import hashlib
import html
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.parser import BytesParser
from functools import cache
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name, parse_sdist_filename, parse_wheel_filename

from tests.support.http_server import FileServer, Request, Response, serve

JSON = "application/vnd.pypi.simple.v1+json"
UPLOADED = "2026-01-01T00:00:00Z"
ENDS = (".whl", ".tar.gz")


@dataclass(frozen=True)
class IndexServer:
    """`server.overrides["/files/NAME"]` tampers with a wheel; its announced hashes stay those of the folder."""

    server: FileServer

    @property
    def url(self) -> str:
        """The index URL, as in `--index-url`."""
        return f"{self.server.url}/simple/"

    @property
    def requests(self) -> list[tuple[str, str]]:
        return self.server.requests


@dataclass(frozen=True)
class WheelFolders:
    folders: tuple[Path, ...]
    yanked: Mapping[str, str] = field(default_factory=dict)  # file name: reason
    uploaded: Mapping[str, str] = field(default_factory=dict)  # file name: time, where not UPLOADED
    beside: bool = True  # whether METADATA is served beside the wheels
    times: bool = True  # does it tell them at all?

    def page(self, request: Request) -> Response | None:
        """The folders are read at each request: wheels may be added at any time."""
        parts = request.path.strip("/").split("/")
        match parts:
            case ["simple"]:
                return _document({"projects": [{"name": name} for name in sorted(self._projects())]}, request)
            case ["simple", name]:
                return self._project_page(name, request)
            case ["files", name]:
                return self._file(name)
        return None

    def _projects(self) -> dict[str, list[Path]]:
        projects: dict[str, list[Path]] = {}
        for file in sorted(path for folder in self.folders for end in ENDS for path in folder.glob(f"*{end}")):
            projects.setdefault(_named(file)[0], []).append(file)
        return projects

    def _project_page(self, name: str, request: Request) -> Response | None:
        wheels = self._projects().get(canonicalize_name(name))
        if wheels is None:
            return None
        files = [self._entry(wheel) for wheel in wheels]
        versions = sorted({_named(wheel)[1] for wheel in wheels})
        return _document({"name": name, "versions": versions, "files": files}, request)

    def _entry(self, wheel: Path) -> dict[str, Any]:
        status = wheel.stat()
        facts = _facts(wheel, status.st_mtime_ns, status.st_size)
        entry = {
            "filename": wheel.name,
            "url": f"../../files/{wheel.name}",
            "hashes": {"sha256": facts.sha256},
            "size": status.st_size,
            "upload-time": self.uploaded.get(wheel.name, UPLOADED),
            "yanked": self.yanked.get(wheel.name, False),
        }
        if self.beside and wheel.suffix == ".whl":
            entry["core-metadata"] = {"sha256": hashlib.sha256(facts.metadata or b"").hexdigest()}
        if not self.times:
            del entry["upload-time"]
        return entry | ({"requires-python": facts.requires_python} if facts.requires_python else {})

    def _file(self, name: str) -> Response | None:
        wheel_name = name.removesuffix(".metadata")
        for wheel in (folder / wheel_name for folder in self.folders):
            if wheel.name.endswith(ENDS) and wheel.is_file():
                beside = _metadata(wheel) if self.beside else None
                content = wheel.read_bytes() if name == wheel_name else beside
                headers = {"Content-Type": "application/octet-stream"}
                return None if content is None else Response(content=content, headers=headers)
        return None


def _named(file: Path) -> tuple[str, str]:
    """Name and version of a wheel or an sdist."""
    name, version, *_ = parse_wheel_filename(file.name) if file.suffix == ".whl" else parse_sdist_filename(file.name)
    return str(name), str(version)


@contextmanager
def serve_index(wheels: WheelFolders) -> Iterator[IndexServer]:
    with serve(wheels.page) as server:
        yield IndexServer(server)


@dataclass(frozen=True)
class _Facts:
    sha256: str
    metadata: bytes | None
    requires_python: str | None


@cache
def _facts(wheel: Path, changed: int, size: int) -> _Facts:
    metadata = _metadata(wheel)
    requires_python = BytesParser().parsebytes(metadata or b"").get("Requires-Python")
    return _Facts(hashlib.sha256(wheel.read_bytes()).hexdigest(), metadata, requires_python)


def _metadata(wheel: Path) -> bytes | None:
    """None for what is no wheel: an index lists it all the same."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            (name,) = [entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA")]
            return archive.read(name)
    except zipfile.BadZipFile:
        return None


def _document(document: dict[str, Any], request: Request) -> Response:
    """JSON for who accepts it, else HTML."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    if JSON in headers.get("accept", ""):
        content = json.dumps({"meta": {"api-version": "1.1"}, **document}, sort_keys=True).encode()
        return Response(content=content, headers={"Content-Type": JSON})
    entries: list[dict[str, Any]] = document["files"] if "files" in document else document["projects"]
    links = [_link(entry) for entry in entries]
    page = f"<!DOCTYPE html>\n<html><body>\n{''.join(links)}</body></html>\n"
    return Response(content=page.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def _link(entry: dict[str, Any]) -> str:
    if "filename" not in entry:
        return f'<a href="{entry["name"]}/">{entry["name"]}</a><br>\n'
    attributes = {
        "href": f"{entry['url']}#sha256={entry['hashes']['sha256']}",
        "data-core-metadata": f"sha256={entry['core-metadata']['sha256']}" if "core-metadata" in entry else None,
        "data-requires-python": entry.get("requires-python"),
        "data-yanked": entry["yanked"] or None,
    }
    written = (f'{name}="{html.escape(value)}"' for name, value in attributes.items() if value is not None)
    return f"<a {' '.join(written)}>{entry['filename']}</a><br>\n"
