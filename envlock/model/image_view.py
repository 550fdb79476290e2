"""An image as it is shown: what it is made of, why, and what hangs on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerView:
    """A layer, the lowest first: `part` is "base" or "env", `title` what the image's history says of it; `size` is
    that of the compressed blob."""

    digest: str
    size: int
    part: str
    title: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformView:
    """The image of one platform ("linux/amd64"): `settings` are those of its config, as they stand there."""

    platform: str
    digest: str
    annotations: Mapping[str, str]
    layers: tuple[LayerView, ...]
    settings: Mapping[str, Any]

    @property
    def size(self) -> int:
        return sum(layer.size for layer in self.layers)

    def of_part(self, part: str) -> tuple[LayerView, ...]:
        return tuple(layer for layer in self.layers if layer.part == part)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedView:
    """A document that hangs on an image: its type, that of the bytes it is stored as, and how many there are.

    `subject` is the digest of the manifest or index that it hangs on.
    """

    artifact_type: str
    digest: str
    subject: str
    media_type: str
    document: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageView:
    """`where` is "registry", "file" or "cache"; "nowhere" for one that is not built yet, which has no digest."""

    name: str
    where: str
    digest: str | None = None
    key: str | None = None
    platforms: tuple[PlatformView, ...] = ()
    attached: tuple[AttachedView, ...] = ()
    packages: Mapping[str, int] | None = None
