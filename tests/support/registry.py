"""Debian's container registry as a process on loopback."""

import contextlib
import http.client
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.support.services import require, service

LISTENING = re.compile(r"listening on (127\.0\.0\.1:\d+)")


@dataclass(frozen=True)
class Registry:
    host: str  # "127.0.0.1:PORT"
    root: Path  # where it stores what it is given

    @property
    def url(self) -> str:
        return f"http://{self.host}"

    @property
    def log(self) -> Path:
        return self.root.with_suffix(".log")


@contextlib.contextmanager
def running_registry(folder: Path, auth: Mapping[str, Any] | None = None) -> Iterator[Registry]:
    """A registry that stores below `folder`; it finds a free port itself and says which in its log.

    `auth` is its setting of that name: without, everybody may do everything.
    """
    program = require("docker-registry", "docker-registry")
    root = folder / "registry"
    configuration, log = folder / "registry.yml", root.with_suffix(".log")
    configuration.write_text(json.dumps(_configuration(root) | {"auth": dict(auth or {})}))  # JSON is YAML
    with service((program, "serve", configuration), log=log, answers=lambda: _address(log) is not None):
        yield Registry(host=_address(log) or "", root=root)


def _configuration(root: Path) -> dict[str, object]:
    return {
        "version": "0.1",
        "log": {"accesslog": {"disabled": False}, "level": "info"},
        "storage": {"filesystem": {"rootdirectory": str(root)}, "delete": {"enabled": True}},
        "http": {"addr": "127.0.0.1:0", "secret": "of no use beyond this process"},
    }


def _address(log: Path) -> str | None:
    """Host and port, as soon as a connection there is answered."""
    found = LISTENING.search(log.read_text(errors="replace"))
    if found is None:
        return None
    connection = http.client.HTTPConnection(found[1], timeout=10)  # it knows of no proxies
    with contextlib.closing(connection):
        connection.request("GET", "/v2/")
        return found[1] if connection.getresponse().status in (HTTPStatus.OK, HTTPStatus.UNAUTHORIZED) else None
