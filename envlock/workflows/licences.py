"""Licences as packages state them, as far as what is in the cache says; nothing is fetched for them."""

from collections.abc import Iterator

from envlock.errors import OutsideError
from envlock.model.lock import CondaPackage, Node, Package, PipPackage, PlatformLock
from envlock.model.metadata_fields import metadata_fields
from envlock.sources.metadata import ANNOUNCED as OF_WHEELS
from envlock.sources.metadata import metadata_of_file
from envlock.system.cache import Cache, typed
from envlock.workflows.solve_conda import ANNOUNCED, CONTENTS

_LONGEST = 100  # characters: some packages put a licence's whole text where its name belongs


def licences(locked: PlatformLock, cache: Cache) -> dict[Node, str]:
    """By package; those that are not known, or state none, are left out."""
    found = ((p.node, _licence(p, cache)) for p in locked.packages)
    return {node: text for node, text in found if text and len(text) <= _LONGEST and text.isprintable()}


def _licence(package: Package, cache: Cache) -> str | None:
    if isinstance(package, CondaPackage):
        return next(filter(None, (_of_conda(package, kind, cache) for kind in (CONTENTS, ANNOUNCED))), None)
    return next(_of_wheel(package, cache), None) if isinstance(package, PipPackage) and package.sha256 else None


def _of_conda(package: CondaPackage, kind: str, cache: Cache) -> str | None:
    return cache.record(kind, package.sha256, lambda kept: typed(kept["index"]["license"], str).strip())


def _of_wheel(package: PipPackage, cache: Cache) -> Iterator[str]:
    fields = metadata_fields(_metadata(package, cache))
    yield from (text.strip() for name in ("license-expression", "license") for text in fields.get(name, ()))


def _metadata(package: PipPackage, cache: Cache) -> bytes:
    here = cache.package(package.sha256, package.file)
    if here and not package.builds:
        try:
            return metadata_of_file(here)
        except OutsideError:
            return b""
    return cache.record(OF_WHEELS, package.sha256, lambda kept: typed(kept, str).encode()) or b""
