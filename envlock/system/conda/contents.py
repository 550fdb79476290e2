"""In the child: what is inside conda packages, read from their small `info` part (by HTTP range where it can be)."""

import asyncio
import json
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rattler.package_streaming import PackageArchive

from envlock.system.conda.solving import client

_AT_ONCE = 8
_ACTIVATION = ("etc/conda/env_vars.d/", "etc/conda/activate.d/")
_INFO = ("info/paths.json", "info/index.json", "info/link.json", "info/files")


async def read(request: dict[str, Any]) -> list[dict[str, Any]]:
    """{packages: [url or path]} -> for each
    {files: [[path, size, kind]], noarch, entry_points, scripts, activation: {path: text}}."""
    limit = asyncio.Semaphore(_AT_ONCE)
    http = client()

    async def one(place: str) -> dict[str, Any]:
        async with limit:
            path = _local(place)
            archive = await (PackageArchive.from_path(path) if path else PackageArchive.from_url(http, place))
            found = _contents(await archive.read_files(_INFO), await archive.list_files("info"))
            texts = [path for path, _, _ in found["files"] if path.startswith(_ACTIVATION)]
            read = await archive.read_files(texts) if texts else {}
            found["activation"] = {path: data.decode(errors="replace") for path, data in read.items() if data}
            return found

    return await asyncio.gather(*(one(place) for place in request["packages"]))


def _local(place: str) -> Path | None:
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(place)


def _contents(info: dict[str, bytes | None], names: list[str]) -> dict[str, Any]:
    paths = json.loads(info["info/paths.json"] or "{}").get("paths", [])
    index = json.loads(info["info/index.json"] or "{}")
    link = json.loads(info["info/link.json"] or "{}").get("noarch", {})
    files = [[p["_path"], p.get("size_in_bytes") or 0, p.get("path_type", "hardlink")] for p in paths]
    if not paths:  # packages of old have a plain list only
        files = [[line, 0, "hardlink"] for line in (info["info/files"] or b"").decode().splitlines()]
    return {
        "files": sorted(files),
        "noarch": index.get("noarch"),
        "entry_points": sorted(link.get("entry_points", [])),
        "scripts": sorted(n for n in names if n.endswith((".sh", ".bat")) and "-link" in n),
    }
