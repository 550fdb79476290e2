"""What came of a run of `ci`, as values: the report, the outputs and the annotations are written from them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from envlock.model.ci_event import Event
from envlock.model.image_layers import BuiltLayer
from envlock.model.problem import Problem

if TYPE_CHECKING:
    from envlock.registry.transfer import Pushed
    from envlock.workflows.diff import Comparison
    from envlock.workflows.project import Project


class State(StrEnum):
    """An environment held against the base. `CHANGED`: its image is another one; `SAME_IMAGE`: its files changed, and
    its image does not."""

    NEW = "new"
    CHANGED = "changed"
    SAME_IMAGE = "same-image"
    SAME = "same"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """An environment before anything is made: `folder` is its path from the top of the repository ("" is the top).

    `key` is its image key now, `was` that at the base; None where it is not locked, has no image, or was not there.
    `comparison` is of the locks at the base and now, where they differ. `was_stale`: the same reasons stood at the base
    already. `project` is None of a removed one.
    """

    name: str
    folder: str
    state: State
    project: "Project | None"
    problems: tuple[Problem, ...] = ()
    was_stale: bool = False
    key: str | None = None
    was: str | None = None
    comparison: "Comparison | None" = None

    @property
    def is_changed(self) -> bool:
        """Is there an image that the base has not?"""
        return self.state in (State.NEW, State.CHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagged:
    """A tag of an image, and what was done: "new", "moved", "there"."""

    name: str
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CiImage:
    """An image that was found or made. `name` is REPOSITORY:lock-…; `came` is "registry", "cache" or None as in
    `BuildResult`; `size` is that of all layers, compressed, `before` that of the image at the base, where they are
    known. `lock_hashes` are by platform. `sbom` is a file."""

    name: str
    digest: str
    key: str
    lock_hashes: tuple[tuple[str, str], ...]
    came: str | None = None
    in_registry: bool = False
    layers: tuple[BuiltLayer, ...] = ()
    base_layers: int = 0
    size: int | None = None
    before: int | None = None
    pushed: "Pushed | None" = None
    tags: tuple[Tagged, ...] = ()
    notes: tuple[str, ...] = ()
    sbom: Path | None = None
    seconds: float = 0.0

    @property
    def reference(self) -> str:
        return f"{self.name.rpartition(':')[0]}@{self.digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of one environment: `image` where there is one, `error` (with `hint`) where it could not be made."""

    subject: Subject
    image: CiImage | None = None
    error: str | None = None
    hint: str | None = None
    exit_code: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CiReport:
    """All of them, sorted by folder. `commit` is what is checked out, `is_committed` tells whether its env.toml and
    env.lock are those that were looked at; `base` is what it is held against (None: nothing), `reproduce` the revision
    that gives the same environments elsewhere (None: there is none); `pushes`: images were to be pushed; `planned`:
    nothing was to be made. `notes` are of the run as a whole."""

    event: Event
    outcomes: tuple[Outcome, ...]
    commit: str | None = None
    is_committed: bool = True
    base: str | None = None
    reproduce: str | None = None
    pushes: bool = False
    planned: bool = False
    notes: tuple[str, ...] = ()

    @property
    def changed(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.subject.is_changed)

    @property
    def exit_code(self) -> int:
        return max((outcome.exit_code for outcome in self.outcomes), default=0)
