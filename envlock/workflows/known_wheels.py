"""Wheels are looked into once: what was read of one is kept by its sha256."""

import hashlib
import json
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from envlock.environments.wheel_reading import ReadWheel, as_record, from_record, read_wheel
from envlock.errors import OutsideError
from envlock.model.lock import Package, PipPackage
from envlock.system.cache import Cache, typed

WHEELS = "wheels"


def known_wheel(package: PipPackage, path: Path, cache: Cache) -> ReadWheel:
    """The wheel at `path`, whose bytes are those of its sha256; OutsideError with all that is wrong with it."""
    key = f"{package.sha256}-{hashlib.sha256(path.name.encode()).hexdigest()[:16]}"
    kept = cache.record(WHEELS, key, partial(_read, path))
    if kept is None:
        kept = read_wheel(path)
        text = json.dumps(as_record(kept))
        # files are found by this alone: a bit that was lost must not lead elsewhere
        cache.keep(WHEELS, key, [hashlib.sha256(text.encode()).hexdigest(), text], lasting=False)
    return kept


def look_into(package: Package, path: Path, cache: Cache) -> None:
    """The same ahead of time, for a package that has just arrived; what is wrong is said when it is used."""
    if isinstance(package, PipPackage) and not package.builds:
        with suppress(OutsideError):
            known_wheel(package, path, cache)


def _read(path: Path, kept: Any) -> ReadWheel:
    sha256, text = (typed(part, str) for part in kept)
    if hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise ValueError(WHEELS)
    return from_record(path, json.loads(text))
