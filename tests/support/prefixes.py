"""Prefixes of other tools, as files: records of conda's, distributions of pip's, and what two prefixes differ in."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

MINOR = "3.11"
SITE = f"lib/python{MINOR}/site-packages"
# what says who installed something and when, and what makes a prefix one
_OF_INSTALLERS = {
    *("INSTALLER", "REQUESTED", "RECORD", "direct_url.json", "uv_cache.json", "uv_build.json"),
    *("CACHEDIR.TAG", "envlock-complete.json", "pyvenv.cfg", ".gitignore", ".lock", "lib64"),
}


def conda_record(name: str, version: str = "1.0", build: str = "0", **more: Any) -> dict[str, Any]:
    """As conda writes it, of conda-forge's noarch; `more` may take fields out by None."""
    record = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "channel": "https://conda.anaconda.org/conda-forge/noarch",
        "subdir": "noarch",
        "fn": f"{name}-{version}-{build}.conda",
        "url": f"https://conda.anaconda.org/conda-forge/noarch/{name}-{version}-{build}.conda",
        "sha256": "a" * 64,
        "md5": "b" * 32,
        "size": 100,
        "timestamp": 1_700_000_000_000,
        "depends": [],
        "constrains": [],
        "files": [],
    }
    return {key: value for key, value in (record | more).items() if value is not None}


def write_prefix(folder: Path, *records: Mapping[str, Any]) -> Path:
    """A conda prefix that has these records and no other file."""
    (folder / "conda-meta").mkdir(parents=True, exist_ok=True)
    for record in records:
        name = f"{record['name']}-{record['version']}-{record['build']}.json"
        (folder / "conda-meta" / name).write_text(json.dumps(record))
    return folder


def python_record() -> dict[str, Any]:
    url = "https://conda.anaconda.org/conda-forge/linux-64/python-3.11.7-0_cp311.conda"
    return conda_record("python", "3.11.7", "0_cp311", subdir="linux-64", fn=url.rpartition("/")[2], url=url)


def write_venv(folder: Path, *lines: str) -> Path:
    """A virtual environment, as far as it says what it is."""
    (folder / SITE).mkdir(parents=True)
    said = lines or ("home = /usr/bin", "include-system-site-packages = false", f"version = {MINOR}.7")
    (folder / "pyvenv.cfg").write_text("".join(f"{line}\n" for line in said))
    return folder


def write_distribution(
    prefix: Path,
    name: str,
    version: str = "1.0",
    *,
    tags: Iterable[str] = ("py3-none-any",),
    direct: Mapping[str, Any] | None = None,
    files: Mapping[str, str] | None = None,
    requires: Iterable[str] = (),
    **more: str,
) -> Path:
    """What an installer leaves of a wheel; `more` are further files of its dist-info."""
    site = prefix / SITE
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    files = {f"{name}.py": "x = 1\n"} if files is None else files
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text)
    texts = {
        "METADATA": "\n".join(
            (
                "Metadata-Version: 2.1",
                f"Name: {name}",
                f"Version: {version}",
                *(f"Requires-Dist: {r}" for r in requires),
                "",
            )
        ),
        "WHEEL": "Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags),
        "INSTALLER": "pip\n",
        "RECORD": "".join(f"{path},sha256=x,{len(text)}\n" for path, text in files.items()),
    }
    texts |= {"direct_url.json": json.dumps(direct)} if direct else {}
    for path, text in (texts | more).items():
        (folder / path).write_text(text)
    return folder


def differing(before: Path, after: Path) -> dict[str, str]:
    """The paths of two prefixes that are not the same, and how: but for who installed it, what Python compiled, and
    the folder itself. Both must have names of one length, which programs hold."""
    assert len(str(before)) == len(str(after))
    old, new = _files(before, str(before), str(after)), _files(after, "", "")
    return {
        path: "changed" if path in old and path in new else "gone" if path in old else "added"
        for path in sorted(old.keys() | new.keys())
        if old.get(path) != new.get(path)
    }


def _files(folder: Path, own: str, other: str) -> dict[str, bytes]:
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.name in _OF_INSTALLERS or "__pycache__" in name or name.startswith(("conda-meta/", "lib64/")):
            continue
        if path.is_symlink():
            found[name] = b"link " + str(path.readlink()).replace(own or "\0", other).encode()
        elif path.is_file():
            content = path.read_bytes()
            found[name] = content.replace(own.encode(), other.encode()) if own else content
    return found
