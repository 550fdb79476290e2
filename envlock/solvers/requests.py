"""What solvers are asked and what they answer, whichever program solves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.platform import Platform, System
from envlock.model.spec import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRequest:
    """`channels` are (name as in env.toml, URL); `keep` are pins to prefer."""

    channels: tuple[tuple[str, str], ...]
    priority: str
    specs: tuple[str, ...]
    platform: Platform
    system: System
    keep: tuple[CondaPackage, ...]
    cache: Path
    offline: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """A distribution that is there already: of its METADATA what a resolver asks for. `requires` are its
    Requires-Dist that an extra brings, with their markers: all else it has been given."""

    version: str
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PipRequest:
    """`provided` is what conda brings, by canonical name; `keep` are pins to prefer."""

    requirements: tuple[str, ...]
    indexes: tuple[Index, ...]
    provided: Mapping[str, Provided]
    python: str
    platform: Platform
    system: System
    keep: tuple[PipPackage, ...]
    cache: Path
    offline: bool
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaAnswer:
    """A package and where it was found."""

    package: CondaPackage
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipAnswer:
    """The wheel chosen for one package; its requirements are read elsewhere, from its metadata."""

    name: str
    version: str
    file: str
    url: str
    sha256: str
    size: int | None
    index: str
    uploaded: str | None
