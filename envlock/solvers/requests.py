"""What solvers are asked and what they answer, whichever program solves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from packaging.version import InvalidVersion, Version

from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.platform import Platform, System
from envlock.model.spec import Index


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaRequest:
    """`channels` are (name as in env.toml, URL); `keep` are pins to prefer; `limits` are match specs that hold for what
    is chosen, without asking for it; nothing published after `cutoff` (UTC) is taken."""

    channels: tuple[tuple[str, str], ...]
    priority: str
    specs: tuple[str, ...]
    platform: Platform
    system: System
    keep: tuple[CondaPackage, ...]
    cache: Path
    offline: bool
    limits: tuple[str, ...] = ()
    cutoff: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Provided:
    """A distribution that is there already: of its METADATA what a resolver asks for. `requires` are its
    Requires-Dist that an extra brings, with their markers: all else it has been given. Where nobody asks for an extra
    of it, nothing is `told` of any; `wanted` are those that wheels ask for, as far as that is known."""

    version: str
    extras: tuple[str, ...] = ()
    requires: tuple[str, ...] = ()
    told: bool = False
    wanted: tuple[str, ...] = ()

    @property
    def pep440(self) -> str | None:
        """The version as resolvers read it; None where it is none of theirs: then any is as good."""
        try:
            return str(Version(self.version))
        except InvalidVersion:
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipRequest:
    """`requirements` that name a source have a `file:` or other URL there; `provided` is what is there already, by
    canonical name; `keep` are pins to prefer; `limits` are requirements that hold for what is chosen, without
    asking for it; nothing uploaded after `cutoff` (UTC) is taken. With `only_wheels` nothing else answers, and so no
    code of others is run to learn what it requires."""

    requirements: tuple[str, ...]
    indexes: tuple[Index, ...]
    provided: Mapping[str, Provided]
    python: str
    platform: Platform
    system: System
    keep: tuple[PipPackage, ...]
    cache: Path
    offline: bool
    limits: tuple[str, ...] = ()
    cutoff: str | None = None
    only_wheels: bool = False
    credentials: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class CondaAnswer:
    """A package and where it was found."""

    package: CondaPackage
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipAnswer:
    """What is chosen of one package; its requirements are read elsewhere, from its metadata.

    `url` is where it is: of a file (`file`, `sha256`), a folder, or a git repository (`commit`); `index` the manifest's
    name of the index that it is from, where it is from one. `builds` marks what is no wheel. `version` is empty where
    only building would tell. `yanked` is the reason, or "" for none given; None where it is not yanked.
    """

    name: str
    version: str
    url: str
    file: str = ""
    sha256: str = ""
    size: int | None = None
    index: str | None = None
    uploaded: str | None = None
    commit: str | None = None
    subdirectory: str | None = None
    builds: bool = False
    yanked: str | None = None
