"""What a conda package puts into a prefix, told from its `info` part alone."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from packaging.utils import canonicalize_name

from envlock.model.files import IMAGE_PREFIX
from envlock.model.lock import CondaPackage

# directly in the folder that Python looks into: deeper down lie copies that a distribution keeps for itself
_METADATA = re.compile(
    r"(?:lib/python[^/]+/)?site-packages/(?P<name>[^/-]+)-(?P<version>[^/]+)"
    r"(?:\.dist-info/METADATA|\.egg-info(?:/PKG-INFO)?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaContents:
    """Paths below the prefix (sorted), unpacked size in bytes, Python distributions, scripts that want to run,
    the texts of what conda reads on activation, by path, and what the package's own index says."""

    paths: tuple[str, ...]
    size: int
    provides: tuple[str, ...]
    scripts: tuple[str, ...]
    activation: tuple[tuple[str, str], ...]
    index: Mapping[str, Any]


def contents(raw: Mapping[str, Any], *, python: str | None) -> CondaContents:
    """From what `system.conda.contents` read; `python` is the minor version that noarch packages are linked for."""
    files = [(_placed(path, raw["noarch"], python), size) for path, size, kind in raw["files"] if kind != "directory"]
    commands = [f"bin/{entry.partition('=')[0].strip()}" for entry in raw["entry_points"]]
    return CondaContents(
        paths=tuple(sorted({*(path for path, _ in files), *commands})),
        size=sum(size for _, size in files),
        provides=tuple(sorted(distributions(path for path, _, _ in raw["files"]))),
        scripts=tuple(raw["scripts"]),
        activation=tuple(sorted((path, _relocated(*text)) for path, text in raw["activation"].items())),
        index=raw["index"],
    )


def _relocated(text: str, placeholder: str | None) -> str:
    """A text as it stands in an image: linking writes the prefix where the builder left a placeholder."""
    return text.replace(placeholder, IMAGE_PREFIX) if placeholder else text


def _placed(path: str, noarch: Any, python: str | None) -> str:
    if noarch != "python":
        return path
    top, _, rest = path.partition("/")
    places = {"site-packages": f"lib/python{python}/site-packages", "python-scripts": "bin"}
    return f"{places[top]}/{rest}" if top in places else path


def distributions(paths: Iterable[str]) -> set[str]:
    """The Python distributions among files that can be imported, by their metadata: "numpy==1.26.4"."""
    found = filter(None, map(_METADATA.fullmatch, paths))
    return {f"{canonicalize_name(match['name'])}=={match['version'].partition('-py')[0]}" for match in found}


def conda_meta_path(package: CondaPackage) -> str:
    return f"conda-meta/{package.name}-{package.version}-{package.build}.json"


def conda_meta(package: CondaPackage, index: Mapping[str, Any], paths: Iterable[str]) -> bytes:
    """The record that conda's tools look for in `conda-meta`, made by us: it names no place and no time of ours.

    Everything in it follows from the package's bytes. A channel may later say something else of the same bytes, or
    have another name, and the image must still be the same.
    """
    record = {
        **index,
        "name": package.name,
        "version": package.version,
        "build": package.build,
        "fn": package.file,
        # readers of these records want an address, and the only true one is that of the bytes
        "url": f"file:///{package.subdir}/{package.file}",
        "sha256": package.sha256,
        "files": sorted(paths),
    }
    return json.dumps(record, indent=1, sort_keys=True, ensure_ascii=False).encode() + b"\n"
