"""The records of `conda-meta`: which packages conda, mamba, micromamba, pixi or envlock installed into a prefix."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from envlock.interchange.conda.package_address import PackageAddress, address_of
from envlock.interchange.installed.installed_files import InstalledFiles, installed_files
from envlock.interchange.installed.prefix_files import PrefixFiles
from envlock.model.imported import PinnedConda
from envlock.model.paths import name_problem

META = "conda-meta"
_TEXT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+!~-]*")
_HASHES = {"sha256": re.compile(r"[0-9a-f]{64}"), "md5": re.compile(r"[0-9a-f]{32}")}
_SITE = re.compile(r"(?:(?:lib|lib64|Lib)/(?:python[^/]+/)?)?site-packages/([^/]+)")
# timestamps beyond the year 9999 are milliseconds
_MOST_SECONDS = 253_402_300_799
_REINSTALL = "conda's own tools cannot read it either: reinstall the package, or remove the file"


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRecord:
    """A package, where it was from, which of the names directly in `site-packages` and which files that conda reads on
    activation are its own, and the match specs that somebody asked for it by; `path` is the record's, below the prefix.
    """

    pinned: PinnedConda
    address: PackageAddress
    site: frozenset[str]
    hooks: frozenset[str]
    requested: tuple[str, ...]
    path: str
    state: InstalledFiles


def read_records(files: PrefixFiles) -> tuple[CondaRecord, ...]:
    """All packages, sorted by name; UserInputError names a record that cannot be read."""
    paths = (f"{META}/{name}" for name, folder in files.names(META).items() if name.endswith(".json") and not folder)
    found = [_record(path, files) for path in paths]
    by_name: dict[str, CondaRecord] = {}
    for record in found:
        other = by_name.setdefault(record.pinned.name, record)
        if other is not record:
            why = f"and `{files.shown(other.path)}` are both records of `{record.pinned.name}`"
            raise files.wrong(record.path, why, "remove the one that is not installed")
    return tuple(by_name[name] for name in sorted(by_name))


def _record(path: str, files: PrefixFiles) -> CondaRecord:
    try:
        raw = files.document(path)
        if raw is None:
            raise files.wrong(
                path, "is not there any more", "something changes the prefix: capture it when that is done"
            )
        return _checked(raw, path, files.root)
    except ValueError as error:
        raise files.wrong(path, error, _REINSTALL) from error


def _checked(raw: dict[str, Any], path: str, root: Path) -> CondaRecord:
    """ValueError says what is wrong with a record."""
    name, version = _word(raw, "name").lower(), _word(raw, "version")
    build = _word(raw, "build_string" if "build" not in raw else "build")
    address = address_of(_text(raw, "url"), _text(raw, "channel"), _text(raw, "subdir"))
    pinned = PinnedConda(
        name=name,
        version=version,
        build=build,
        subdir=_subdir(address.subdir),
        file=_file(address.file or _text(raw, "fn"), f"{name}-{version}-{build}"),
        channel=address.channel or "",
        url=address.url if address.channel else None,
        sha256=_hash(raw, "sha256"),
        md5=_hash(raw, "md5"),
        size=raw["size"] if isinstance(raw.get("size"), int) and raw["size"] > 0 else None,
        requires=_specs(raw, "depends"),
        constrains=_specs(raw, "constrains"),
        uploaded=_uploaded(raw.get("timestamp")),
    )
    asked = (*_texts(raw, "requested_specs"), _text(raw, "requested_spec"))
    paths = _texts(raw, "files")
    state = installed_files(_sizes(raw), root)
    return CondaRecord(
        pinned=pinned,
        address=address,
        site=frozenset(match[1] for match in map(_SITE.match, paths) if match),
        hooks=frozenset(path for path in paths if path.startswith("etc/conda/")),
        requested=tuple(dict.fromkeys(text for text in asked if text not in ("", "None"))),
        path=path,
        state=state,
    )


def _sizes(raw: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """The files that linking writes as they are in the package; of others mamba notes two hashes, no placeholder."""
    data = raw.get("paths_data")
    paths = data.get("paths") if isinstance(data, dict) else None
    for entry in paths if isinstance(paths, list) else ():
        if not isinstance(entry, dict) or entry.get("path_type") != "hardlink" or entry.get("prefix_placeholder"):
            continue
        path, size, sha256 = entry.get("_path"), entry.get("size_in_bytes"), entry.get("sha256")
        if isinstance(path, str) and isinstance(size, int) and entry.get("sha256_in_prefix", sha256) == sha256:
            yield path, size


def _text(raw: dict[str, Any], key: str) -> str:
    value = raw.get(key)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"has no text for `{key}`")
    return value or ""


def _word(raw: dict[str, Any], key: str) -> str:
    value = _text(raw, key)
    if not _TEXT.fullmatch(value):
        raise ValueError(f"does not say `{key}`")
    return value


def _texts(raw: dict[str, Any], key: str) -> Iterable[str]:
    value = raw.get(key) or ()
    if not isinstance(value, list | tuple) or not all(isinstance(text, str) for text in value):
        raise ValueError(f"has no list of texts for `{key}`")
    return value


def _specs(raw: dict[str, Any], key: str) -> tuple[str, ...] | None:
    """None where nobody knows: from a list of files mamba 2.1 to 2.3 installs with nothing but this in the record."""
    found = tuple(sorted(_texts(raw, key)))
    return None if not found and raw.get("timestamp") == 0 and raw.get("license") == "" else found


def _hash(raw: dict[str, Any], key: str) -> str | None:
    value = _text(raw, key).lower()
    if value and not _HASHES[key].fullmatch(value):
        raise ValueError(f"has no {key} for `{key}`")
    return value or None


def _subdir(text: str) -> str:
    if not re.fullmatch("[a-z0-9]+(?:-[a-z0-9_]+)?", text):
        raise ValueError("does not say `subdir`")
    return text


def _file(text: str, stem: str) -> str:
    """The package's file name: of old records, and of some tools', the ending is missing."""
    if text in (stem, ""):
        raise ValueError("does not say `fn`, which file it was installed from")
    if "/" in text or name_problem(text):
        raise ValueError("has no file name for `fn`")
    return text


def _uploaded(value: object) -> str | None:
    if not isinstance(value, int | float) or isinstance(value, bool) or value <= 0:
        return None
    seconds = value / 1000 if value > _MOST_SECONDS else value
    try:
        return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return None
