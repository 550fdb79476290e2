"""In the child: what is inside conda packages, read from their small `info` part (by HTTP range where it can be)."""

import asyncio
import json
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from rattler.networking import Client
from rattler.package_streaming import PackageArchive

from envlock.errors import OutsideError
from envlock.system.conda.networking import client
from envlock.system.secrets import redact, redact_text

_AT_ONCE = 8
_ACTIVATION = ("etc/conda/env_vars.d/", "etc/conda/activate.d/")
# what of info/index.json conda's own records repeat
_INDEX = ("build_number", "constrains", "depends", "license", "noarch", "subdir", "timestamp")
# what conda would run when it links the package
_LINK_SCRIPT = re.compile(r"bin/\.[^/]+-(?:pre|post)-link\.sh")
_INFO = ("info/paths.json", "info/index.json", "info/link.json", "info/files")


async def read(request: dict[str, Any]) -> list[dict[str, Any]]:
    """{packages: [url or path]} -> for each
    {files: [[path, size, kind]], index, noarch, entry_points, scripts,
    placeholders: {path: prefix that is to be replaced}, activation: {path: [text, placeholder]}}."""
    limit = asyncio.Semaphore(_AT_ONCE)
    http = client()

    async def one(place: str) -> dict[str, Any]:
        async with limit:
            try:
                return await _read(place, http)
            except OSError as error:
                if _local(place):
                    raise
                # of a lost connection the error alone does not say to where
                raise OutsideError(f"{redact(place)} cannot be read: {redact_text(str(error))}") from error

    return await asyncio.gather(*(one(place) for place in request["packages"]))


async def _read(place: str, http: Client) -> dict[str, Any]:
    path = _local(place)
    archive = await (PackageArchive.from_path(path) if path else PackageArchive.from_url(http, place))
    if path:
        await _refuse_ambiguous(path, archive, await archive.list_files("info"))
    found = _contents(await archive.read_files(_INFO))
    texts = [path for path, _, _ in found["files"] if path.startswith(_ACTIVATION)]
    read = await archive.read_files(texts) if texts else {}
    found["activation"] = {
        path: [data.decode(errors="replace"), found["placeholders"].get(path)] for path, data in read.items() if data
    }
    return found


async def _refuse_ambiguous(path: Path, archive: PackageArchive, names: list[str]) -> None:
    """What is told of a package must be what is linked: here the first file of a name is read, there the last."""
    parts = _parts(path)
    if sorted(part.partition("-")[0] for part in parts) not in (["info", "pkg"], []):
        raise OutsideError(f"the conda package `{path.name}` is refused: its parts are {', '.join(sorted(parts))}")
    if not parts or parts[-1].startswith("pkg-"):  # else `info` is unpacked last and overwrites what is named like it
        names = names + [name for name in await archive.list_files("pkg") if "info" in Path(name).parts[:1]]
    counted = Counter(str(Path(name)) for name in names)
    for name in sorted(name for name, count in counted.items() if count > 1):
        raise OutsideError(f"the conda package `{path.name}` is refused: it has `{name}` twice")


def _parts(path: Path) -> list[str]:
    """The archives inside a `.conda` file, in their order; none in a package of the old format, which is one itself."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as archive:
        members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    return [member.filename for member in members if ".tar" in member.filename]


def _local(place: str) -> Path | None:
    parts = urlsplit(place)
    if parts.scheme == "file":
        return Path(unquote(parts.path))
    return None if parts.scheme else Path(place)


def _contents(info: dict[str, bytes | None]) -> dict[str, Any]:
    paths = json.loads(info["info/paths.json"] or "{}").get("paths", [])
    index = json.loads(info["info/index.json"] or "{}")
    link = json.loads(info["info/link.json"] or "{}").get("noarch", {})
    files = [[p["_path"], p.get("size_in_bytes") or 0, p.get("path_type", "hardlink")] for p in paths]
    if not paths:  # packages of old have a plain list only
        files = [[line, 0, "hardlink"] for line in (info["info/files"] or b"").decode().splitlines()]
    return {
        "files": sorted(files),
        "placeholders": {p["_path"]: p["prefix_placeholder"] for p in paths if p.get("prefix_placeholder")},
        "index": {name: index[name] for name in _INDEX if name in index},
        "noarch": index.get("noarch"),
        "entry_points": sorted(link.get("entry_points", [])),
        "scripts": sorted(path for path, _, _ in files if _LINK_SCRIPT.fullmatch(path)),
    }
