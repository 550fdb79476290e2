"""Locks of conda's world by hand: conda-lock.yml of both versions, pixi.lock of all that are read."""

from pathlib import Path
from typing import Any

from envlock.interchange.exports.yaml_text import yaml_text
from envlock.interchange.foreign import FOREIGN, foreign_of
from envlock.interchange.source import Source
from envlock.model.imported import Imported
from tests.support.export_contents import LINUX, MAC

NAMES = {"conda-lock": "conda-lock.yml", "explicit": "explicit.txt", "pixi": "pixi.lock"}
INDEX = "https://index.test/simple/"
MD5, SHA256 = "0" * 32, "a" * 64


def read(text: str, *, name: str = "lock.txt", folder: Path = Path("/nowhere"), **more: Any) -> Imported:
    """What a text comes to, read as the kind of file that it is."""
    path = folder / name
    kind = foreign_of(path, text)
    assert kind
    return FOREIGN[kind].read(Source(path=path, text=text, default_index=INDEX, **more))


def conda_lock(form: int, **changes: Any) -> str:
    """A lock of three packages on two platforms, one of them in two categories."""
    entries: list[Any] = []
    for platform in (LINUX, MAC):
        for name, categories in (("a", ("main",)), ("b_c", ("dev", "main")), ("b-c", ("docs",))):
            url = f"https://conda.anaconda.org/forge/{platform}/{name}-1.0-h1_0.conda"
            entry: dict[str, Any] = {
                "name": name, "version": "1.0", "manager": "conda", "platform": platform,
                "dependencies": {"a": ">=1,<2"}, "url": url, "hash": {"md5": MD5, "sha256": SHA256},
            }  # fmt: skip
            said = [{"categories": list(categories)}] if form == 2 else [
                {"category": category, "optional": category != "main"} for category in categories
            ]  # fmt: skip
            entries += [{**entry, **each, **changes} for each in said]
    metadata: dict[str, Any] = {
        "content_hash": {LINUX: SHA256, MAC: SHA256},
        "channels": [{"url": "forge", "used_env_vars": []}],
        "platforms": [LINUX, MAC],
        "sources": ["environment.yml"],
    }
    return yaml_text({"version": form, "metadata": metadata, "package": entries})


def pixi_lock(version: int, conda: dict[str, Any] | None = None) -> str:
    """Two platforms and environments; a distribution with extras; a channel that is not listed."""
    wheel = f"https://files.test/packages/12/34/{'0' * 60}/flask-3.0-py3-none-any.whl"
    entries: list[Any] = []
    places: dict[str, list[Any]] = {}
    for platform in (LINUX, MAC):
        python = f"https://conda.anaconda.org/forge/{platform}/python-3.11.7-h1_0_cpython.conda"
        tz = "https://repo.test/own/noarch/tz-2026a-0.conda"
        extras = {} if version == 7 else {"extras": ["async"]}
        places[platform] = [{"conda": python}, {"conda": tz}, {"pypi": wheel, "extras": ["async"]} | extras]
        entries.append(_pixi_conda(python, version) | (conda or {}))
    entries.append(_pixi_conda(tz, version))
    head = {"kind": "pypi", "name": "flask", "version": "3.0", "url": wheel}
    new = {"pypi": wheel, "name": "flask", "version": "3.0"}
    entries.append({**(head if version < 6 else new), "sha256": SHA256, "requires_dist": ["werkzeug>=3"]})
    environment: dict[str, Any] = {"channels": [{"url": "https://conda.anaconda.org/forge/"}], "packages": places}
    if version > 4:
        environment["indexes"] = [INDEX]
    virtual = ["__unix=0=0", "__linux=4.18", "__glibc=2.17", "__cuda=12.4", "__archspec=1=x86_64", "__other=1"]
    platforms: list[Any] = [{"name": LINUX, "virtual-packages": virtual}, {"name": MAC}]
    return yaml_text(
        {
            "version": version,
            **({"platforms": platforms} if version == 7 else {}),
            "environments": {"default": environment, "test": environment},
            "packages": entries,
        }
    )


def _pixi_conda(url: str, form: int) -> dict[str, Any]:
    _, subdir, file = url.rsplit("/", 2)
    name, version, build = file.removesuffix(".conda").split("-")
    head = {"kind": "conda", "name": name, "version": version, "build": build, "subdir": subdir, "url": url}
    return {
        **(head if form < 6 else {"conda": url}),
        "sha256": SHA256,
        "md5": MD5,
        "depends": ["zlib >=1", "bzip2 >=1.0.8,<2.0a0"],
        "constrains": ["python_abi 3.11.* *_cp311"],
        "size": 123,
        "timestamp": 1_700_000_000_000,
    }
