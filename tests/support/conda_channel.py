"""Conda channels: one of real packages, made once a machine, and tiny ones made in milliseconds."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

from tests.support import wheels
from tests.support.cache import made_once, recipe_key
from tests.support.conda_package import CondaPackage, write_package
from tests.support.conda_python import Interpreter, interpreter, python_abi_package, python_package
from tests.support.conda_wheel import wheel_package
from tests.support.processes import run_python

SUBDIRS = ("linux-64", "noarch")
SOURCES = [Path(__file__).with_name(f"conda_{part}.py") for part in ("package", "python", "wheel")]


@cache
def real_channel() -> Path:
    """The running CPython and every wheel of `wheels`, as packages in a channel that rattler has indexed."""
    python = interpreter(sys.executable)
    key = recipe_key(str(python), wheels.folder().name, *SOURCES)
    return made_once(f"conda-channel-{key}", _write_real)


def write_channel(folder: Path, packages: Iterable[CondaPackage]) -> Path:
    """`folder` as a channel of exactly these packages, added to those of earlier calls."""
    for package in packages:
        _add_record(folder, package, write_package(folder, package).read_bytes())
    for subdir in SUBDIRS:
        _write_repodata(folder / subdir, _read_repodata(folder / subdir))
    return folder


def rattler_index(folder: Path) -> None:
    """Index a channel by rattler."""
    run_python(f"from {__name__} import index_here; index_here({str(folder)!r})")


def index_here(folder: str) -> None:
    from rattler.index import index_fs

    asyncio.run(index_fs(Path(folder)))


def _write_real(folder: Path) -> None:
    python = interpreter(sys.executable)
    largest_first = sorted(wheels.paths().values(), key=lambda path: -path.stat().st_size)
    with ThreadPoolExecutor(2) as pool:
        made = [
            pool.submit(lambda: write_package(folder, python_package(python))),
            pool.submit(lambda: write_package(folder, python_abi_package(python))),
            *(pool.submit(_write_wheel, folder, wheel, python) for wheel in largest_first),
        ]
    for package in made:
        package.result()
    rattler_index(folder)


def _write_wheel(folder: Path, wheel: Path, python: Interpreter) -> Path:
    return write_package(folder, wheel_package(wheel, python))


def _add_record(folder: Path, package: CondaPackage, content: bytes) -> None:
    repodata = _read_repodata(folder / package.subdir)
    repodata["packages.conda"][package.file_name] = package.index_json() | {
        "md5": hashlib.md5(content, usedforsecurity=False).hexdigest(),
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
    }
    _write_repodata(folder / package.subdir, repodata)


def _read_repodata(folder: Path) -> dict[str, Any]:
    if (folder / "repodata.json").exists():
        repodata: dict[str, Any] = json.loads((folder / "repodata.json").read_bytes())
        return repodata
    return {"info": {"subdir": folder.name}, "packages": {}, "packages.conda": {}, "repodata_version": 1}


def _write_repodata(folder: Path, repodata: dict[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "repodata.json").write_text(json.dumps(repodata, indent=1, sort_keys=True) + "\n")
