"""What a bill of materials (SBOM) is written from: the packages of one platform, and which needs which."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.model.digest import canonical_json, image_tag
from envlock.model.lock import Base, Node, Package, PlatformLock

ENVIRONMENT = "environment"
BASE = "base"
# of all names that are made here (RFC 9562)
_NAMES = uuid.UUID("6a3c2ff1-6ad0-5ba7-9a4e-4f3f8f2a6b0e")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """`locked` holds the wanted packages alone, of a lock hash `key`; `roots` are what env.toml asks for itself, and
    `needs` what each package needs, sorted; `licences` are as the packages state them, where that is known."""

    name: str
    key: str
    locked: PlatformLock
    groups: tuple[str, ...] = ()
    roots: tuple[Node, ...] = ()
    needs: Mapping[Node, tuple[Node, ...]] = field(default_factory=dict)
    licences: Mapping[Node, str] = field(default_factory=dict)

    @property
    def version(self) -> str:
        return image_tag(self.key)

    @property
    def uuid(self) -> str:
        """The same for the same lock: of its hash, and of what is told beyond it."""
        told = [self.key, [*self.groups], {":".join(node): text for node, text in self.licences.items()}]
        return str(uuid.uuid5(_NAMES, canonical_json(told).decode()))

    @property
    def packages(self) -> tuple[Package, ...]:
        return tuple(sorted(self.locked.packages, key=lambda package: package.node))

    @property
    def base(self) -> Base | None:
        """The base image, where there is one; one of Debian's packages is these packages."""
        base = self.locked.base
        return base if base.digest or base.context else None

    def dependencies(self) -> dict[str, tuple[str, ...]]:
        """By the name of each part, those of the parts that it needs."""
        base = (BASE,) if self.base else ()
        needed = {ref(p.node): tuple(map(ref, self.needs.get(p.node, ()))) for p in self.packages}
        return {ENVIRONMENT: (*base, *map(ref, self.roots)), **dict.fromkeys(base, ()), **needed}


def ref(node: Node) -> str:
    """What a package is called within the document: `conda:numpy`."""
    return ":".join(node)


def base_name(base: Base) -> str:
    return base.reference or "Dockerfile"


def base_sha256(base: Base) -> str:
    """The hash that decides the base: of its manifest, or of a Dockerfile with all that it may copy."""
    return (base.digest or base.context or "").removeprefix("sha256:")
