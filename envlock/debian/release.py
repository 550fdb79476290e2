"""A release of an archive: what its signed `InRelease` says of the indexes below it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a release as `InRelease` lists it; `size` in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One suite of one archive. `suite` is as it was asked for ("bookworm-security"), `codename` as it is signed.

    `archive` is "main" or "security"; `date` and `valid_until` are UTC ("2026-11-21T00:53:02Z"); `files` are by their
    path below the release's folder ("main/binary-amd64/Packages.xz").
    """

    suite: str
    codename: str
    archive: str
    date: str
    valid_until: str | None = None
    by_hash: bool = False
    files: Mapping[str, Listed] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """A `Packages` index at hand: verified bytes, compressed as its name says, for one architecture."""

    archive: str
    suite: str
    component: str
    architecture: str
    sha256: str
    path: Path
