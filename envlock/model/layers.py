"""Layout 1: which package goes into which layer of an image.

Packages of at least 8 MiB unpacked stand alone, at most 32 of them (the smallest overflow); the rest fall
into 24 bins by a hash of their name, so that adding a package moves no other; one top layer is ours.
Packages of a Debian base lie below, grouped by themselves: 16 alone at most, and 8 bins.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

# the number of all that decides a layer's bytes for the same packages: raised when any of it changes
LAYOUT = 1
ALONE_FROM = 8 << 20
MOST_ALONE = 32
BINS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How many packages stand alone at most, in how many bins the rest falls, and what these are called."""

    alone: int
    bins: int
    title: str


ENVIRONMENT = Grouping(alone=MOST_ALONE, bins=BINS, title="bin")
DEBIAN = Grouping(alone=16, bins=8, title="debian")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sized:
    """A package by its unique key (`kind:name`) and its unpacked size in bytes."""

    key: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerGroup:
    """The packages of one layer, sorted; `title` says in history what the layer is."""

    title: str
    keys: tuple[str, ...]


def group(packages: Iterable[Sized], grouping: Grouping = ENVIRONMENT) -> tuple[LayerGroup, ...]:
    """The layers of layout 1 without the top one: large packages by name, then the bins in order."""
    packages = sorted(packages, key=lambda p: (-p.size, p.key))
    alone = [p.key for p in packages if p.size >= ALONE_FROM][: grouping.alone]
    bins: dict[int, list[str]] = {}
    for package in packages:
        if package.key not in alone:
            bins.setdefault(bin_of(package.key, grouping.bins), []).append(package.key)
    large = [LayerGroup(title=key, keys=(key,)) for key in sorted(alone)]
    small = [LayerGroup(title=f"{grouping.title} {n:02}", keys=tuple(sorted(bins[n]))) for n in sorted(bins)]
    return (*large, *small)


def bin_of(key: str, bins: int = BINS) -> int:
    """The bin of a small package, from its name alone."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big") % bins
