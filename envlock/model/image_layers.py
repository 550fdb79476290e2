"""Layers of an image that is being made: which were made, and which somebody has made before."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from envlock.model.image import Descriptor
from envlock.model.reference import Reference


class Came(StrEnum):
    """Where a layer is from: packed in this run, by an earlier one, or by others, in the registry."""

    MADE = "made"
    CACHED = "cached"
    REUSED = "reused"


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltLayer:
    """A layer of ours: `key` is a digest of all that decides its bytes, `part` "env", or "base" for a layer that the
    environment stands on; `size` is that of the blob."""

    title: str
    part: str
    key: str
    digest: str
    size: int
    came: Came


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLayer:
    """A layer that a repository has, as a trusted image there says."""

    blob: Descriptor
    diff_id: str
    where: Reference


# layers that are wanted, each by its key with the sha256s of the packages in it -> those that need not be made
Reuse = Callable[[Mapping[str, frozenset[str]]], Mapping[str, KnownLayer]]


def nothing_known(_wanted: Mapping[str, frozenset[str]]) -> Mapping[str, KnownLayer]:
    """No registry is asked."""
    return {}
