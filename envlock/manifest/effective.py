"""Every value in effect, as env.toml would have it, and where it comes from."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from envlock.interchange.addresses import Surroundings
from envlock.manifest import later
from envlock.manifest.places import relative
from envlock.manifest.reader import open_manifest, read_manifest
from envlock.model.fields import Document
from envlock.model.place import Place, key_text
from envlock.model.platform import PLATFORMS
from envlock.model.spec import DEFAULT_INDEX, EnvSpec
from envlock.model.toml_lines import KeyPath

# arrays whose items can be from several files
_SHARED = ("channels", "dependencies", "constraints", "editable", "indexes")
_PACKAGES = ("image", "debian", "packages")
_ORDER = (
    "name",
    "description",
    "python",
    "platforms",
    "conda",
    "pip",
    "groups",
    "platform",
    "lock",
    "variables",
    "image",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """A value and its place, whose file is relative to env.toml; without a place it is a default."""

    key: str
    value: Any
    place: Place | None


def effective(path: Path) -> tuple[Effective, ...]:
    """All values of an env.toml with those of the files that it takes from; UserInputError where one is wrong."""
    spec, document = read_manifest(path), open_manifest(path)
    written = [*_written(document, document.root.raw, ()), *_editable(document, Surroundings(path.parent))]
    found = [
        Effective(key=key_text(key), value=value, place=relative(place, path.parent)) for key, value, place in written
    ]
    keys = {one.key for one in found}
    found += [Effective(key=key, value=value, place=None) for key, value in _defaults(spec) if key not in keys]
    return tuple(sorted(found, key=_rank))


def _written(document: Document, value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any, Place]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _written(document, item, (*path, key))
    elif isinstance(value, list) and (path[-1] in _SHARED or path == _PACKAGES):
        for number, item in enumerate(value):
            inner = (*path, number)
            yield from (
                _written(document, item, inner) if isinstance(item, dict) else [(path, item, document.place(inner))]
            )
    else:
        yield path, value, document.place(path)


def _editable(document: Document, surroundings: Surroundings) -> Iterator[tuple[KeyPath, Any, Place]]:
    """What editable projects require belongs to the requirements."""
    table = document.root.table("pip")
    if table.has("editable"):
        for editable in later.read_editable(table, surroundings):
            yield from ((("pip", "dependencies"), need, place) for need, place in editable.places.items())


def _defaults(spec: EnvSpec) -> Iterator[tuple[str, Any]]:
    yield "name", spec.name
    yield "platforms", list(spec.platforms)
    if spec.has_conda:
        yield from (("conda.channels", channel) for channel in spec.conda.channels)
        yield "conda.channel-priority", spec.conda.channel_priority
    yield "lock.pip-resolver", spec.lock.pip_resolver
    yield "lock.conda-solver", spec.lock.conda_solver
    if spec.image.debian:
        yield from (("image.debian.components", list(spec.image.debian.components)), ("image.debian.docs", True))
    elif spec.base:
        yield "image.base", spec.base
    if not any(index.default for index in spec.pip.indexes):
        yield "pip.indexes", DEFAULT_INDEX
    for platform in spec.platforms:
        system = spec.system(platform)
        for key in PLATFORMS[platform].keys:
            value = getattr(system, key)
            if value:
                yield key_text(("platform", platform, key.replace("_", "-"))), value


def _rank(one: Effective) -> tuple[int, str]:
    table = one.key.partition(".")[0]
    return (_ORDER.index(table) if table in _ORDER else len(_ORDER), "" if "." not in one.key else one.key)
