"""One installed distribution, by its `*.dist-info` or `*.egg-info`: what it is, and where it was from."""

import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product

from packaging.tags import parse_tag
from packaging.version import InvalidVersion, Version

from envlock.errors import EnvlockError
from envlock.interchange.installed.direct_url import DIRECT_URL, DirectUrl, direct_url
from envlock.interchange.installed.installed_files import AS_INSTALLED, InstalledFiles, installed_files, recorded
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.model.metadata_fields import metadata_fields
from envlock.model.wheel_metadata import read_metadata

DIST_INFO, EGG_INFO, EGG = ".dist-info", ".egg-info", ".egg"
_TAG = re.compile(r"[a-z0-9_]+(?:\.[a-z0-9_]+)*-[a-z0-9_]+(?:\.[a-z0-9_]+)*-[a-z0-9_]+(?:\.[a-z0-9_]+)*", re.IGNORECASE)
_NAME = re.compile(rb"^Name:[ \t]*([A-Za-z0-9._-]+)", re.IGNORECASE | re.MULTILINE)
_BUILD = re.compile(r"[0-9][A-Za-z0-9_.]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """`name` is canonical. `file` is the name that its wheel must have had, "" where nothing tells; `tags` are those of
    its wheel. `direct` is None where it is from an index. `requested`: did somebody ask for it by name, None where
    nothing tells; `record` is
    which names directly in `site-packages` it says are its own, None where it does not say; `state` is whether its
    files are as they were installed."""

    name: str
    version: str
    requires: tuple[str, ...]
    file: str = ""
    tags: tuple[str, ...] = ()
    direct: DirectUrl | None = None
    requested: bool | None = None
    record: frozenset[str] | None = None
    state: InstalledFiles = AS_INSTALLED


def read_distribution(folder: str, names: Iterable[str], files: PrefixFiles) -> Distribution:
    """What is in a folder that has these files; ValueError says what is wrong with it."""
    return _dist_info(folder, set(names), files)


def _dist_info(folder: str, names: set[str], files: PrefixFiles) -> Distribution:
    written, metadata = _metadata(_said(f"{folder}/METADATA", "METADATA", files))
    wheel = _said(f"{folder}/WHEEL", "WHEEL", files) if "WHEEL" in names else b""
    said = metadata_fields(wheel)
    record = list(recorded(_said(f"{folder}/RECORD", "RECORD", files))) if "RECORD" in names else []
    tags = tuple(dict.fromkeys(tag.strip() for tag in said.get("tag", ()) if _TAG.fullmatch(tag.strip())))
    build = "".join(said.get("build", ())[:1]).strip()
    return Distribution(
        name=metadata[0],
        version=metadata[1],
        requires=metadata[2],
        file=wheel_name(written, metadata[1], build, tags),
        tags=tags,
        direct=_direct(f"{folder}/{DIRECT_URL}", files) if DIRECT_URL in names else None,
        requested="REQUESTED" in names if _installer(folder, files) == "pip" else None,
        record=_tops(path for path, _ in record) if "RECORD" in names else None,
        state=installed_files(((p, size) for p, size in record if size is not None), files.root / folder / ".."),
    )


def read_egg(path: str, files: PrefixFiles) -> Distribution:
    """What an `.egg-info` file, or PKG-INFO in such a folder, says; ValueError as above."""
    _, (name, version, requires) = _metadata(_said(path, posixpath.basename(path), files))
    return Distribution(name=name, version=version, requires=requires)


def _said(path: str, shown: str, files: PrefixFiles) -> bytes:
    try:
        content = files.content(path)
    except ValueError as error:
        raise ValueError(f"its {shown} {error}") from None
    if content is None:
        raise ValueError(f"it has no {shown}")
    return content


def _metadata(content: bytes) -> tuple[str, tuple[str, str, tuple[str, ...]]]:
    """The name as it is written; name, version, and requirements in their normal form."""
    try:
        found = read_metadata(content)
    except EnvlockError as error:
        raise ValueError(error.message) from None
    written = _NAME.search(content)
    return written[1].decode() if written else found.name, (found.name, found.version, found.requires_dist)


def wheel_name(name: str, version: str, build: str, tags: Iterable[str]) -> str:
    """The name of the wheel that has these tags; "" where no one name says them."""
    parts = [tag.split("-") for tag in tags]
    sets = [sorted({word for tag in parts for word in tag[at].split(".")}) for at in range(3)] if parts else []
    if not parts or {*product(*sets)} != {(t.interpreter, t.abi, t.platform) for tag in tags for t in parse_tag(tag)}:
        return ""
    middle = [build] if _BUILD.fullmatch(build) else []
    return "-".join([re.sub(r"[-.]+", "_", name), _escaped(version), *middle, *map(".".join, sets)]) + ".whl"


def _escaped(version: str) -> str:
    try:
        return str(Version(version)).replace("-", "_")
    except InvalidVersion:
        return version.replace("-", "_")


def _direct(path: str, files: PrefixFiles) -> DirectUrl:
    try:
        return direct_url(files.document(path) or {})
    except ValueError as error:
        raise ValueError(f"its {DIRECT_URL} {error}") from None


def _installer(folder: str, files: PrefixFiles) -> str:
    """Who installed it: uv says of everything that it was asked for."""
    try:
        return (files.text(f"{folder}/INSTALLER") or "").strip()
    except ValueError:
        return ""


def _tops(paths: Iterable[str]) -> frozenset[str]:
    """The names directly in `site-packages` of paths that start there."""
    return frozenset({path.partition("/")[0] for path in paths} - {"", "..", "__pycache__"})
