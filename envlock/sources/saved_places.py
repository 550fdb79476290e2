"""Where a folder that `save --with-packages` made keeps packages, which is looked into before anything else."""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from envlock.model.lock import CondaPackage, DebianPackage, Package, PipPackage
from envlock.model.paths import name_problem
from envlock.sources.place import Place
from envlock.sources.supply import Supply
from envlock.system.saved_folder import PACKAGES, saved_root

CONDA, WHEELS, DEBIAN, IMAGES = (f"{PACKAGES}/{name}" for name in ("conda", "wheels", "debian", "images"))
_PLAIN = re.compile(r"[a-z0-9_][a-z0-9._-]*")


def channel_folder(channel: str) -> str:
    """What the folder of a channel is called: its name, where that is one; of addresses, their end and a hash."""
    if _PLAIN.fullmatch(channel):
        return channel
    named = re.sub(r"[^a-z0-9_-]+", "-", channel.lower().rpartition("://")[2]).strip("-")
    return f"{named[-40:].strip('-')}-{hashlib.sha256(channel.encode()).hexdigest()[:8]}"


def saved_paths(package: Package) -> tuple[str, ...]:
    """Where a package may be, from the top of a saved folder: first where it is if another has its file name."""
    return _PATHS[package.kind](package)


def _conda(package: CondaPackage) -> tuple[str, ...]:
    return (f"{CONDA}/{channel_folder(package.channel)}/{package.subdir}/{package.file}",)


def _pip(package: PipPackage) -> tuple[str, ...]:
    if package.path or not package.sha256:
        return ()
    return f"{WHEELS}/{package.sha256}/{package.file}", f"{WHEELS}/{package.file}"


def _debian(package: DebianPackage) -> tuple[str, ...]:
    return (f"{DEBIAN}/{package.archive}/{package.file}",)


_PATHS: Mapping[str, Callable[[Any], tuple[str, ...]]] = {
    CondaPackage.kind: _conda,
    PipPackage.kind: _pip,
    DebianPackage.kind: _debian,
}


def saved_places(package: Package, supply: Supply) -> Iterator[Place]:
    """The files that the saved folder around env.toml has for a package; nothing where env.toml is in none."""
    folder = supply.sources.folder
    root = saved_root(folder.resolve()) if folder else None
    for path in saved_paths(package) if root else ():
        file = Path(root or ".", path)
        if not name_problem(path) and file.is_file():
            yield Place(path, file.as_uri, distant=False, saved=True)
