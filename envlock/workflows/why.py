"""why: the ways that lead from env.toml to a package."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from envlock.errors import AnswerIsNo, EnvlockError
from envlock.model.chains import Chain, chains
from envlock.model.graph import Graph
from envlock.model.place import Place
from envlock.model.toml_lines import KeyPath
from envlock.workflows import later
from envlock.workflows.graphs import graphs, lock_of, require_named
from envlock.workflows.project import Project


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One way, and where its requirement stands, if it still stands in env.toml."""

    chain: Chain
    place: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Why a package is locked; `platforms` are those looked at. `inside` says which distribution was asked for, where
    a conda package of another name holds it."""

    name: str
    kind: str
    version: str
    inside: str | None
    platforms: tuple[str, ...]
    reasons: tuple[Reason, ...]


def why(project: Project, name: str, *, platform: str | None = None) -> tuple[Reasons, ...]:
    """For each version that is locked of a package all shortest ways to it; AnswerIsNo where there is none."""
    lock = lock_of(project)
    found = graphs(lock, platform)
    require_named(found, lock, name)
    ways = chains(found, name)
    if not ways:
        raise AnswerIsNo(f"`{name}` is locked, but nothing asks for it", hint="run `envlock lock`")
    places = _places(project)
    targets = sorted({(c.steps[-1].kind, c.steps[-1].name, c.steps[-1].version) for c in ways})
    return tuple(_reasons(target, ways, places, found, name) for target in targets)


def _reasons(
    target: tuple[str, str, str],
    ways: Sequence[Chain],
    places: Mapping[tuple[KeyPath, str], Place],
    found: Sequence[Graph],
    asked: str,
) -> Reasons:
    kind, name, version = target
    fitting = [c for c in ways if (c.steps[-1].kind, c.steps[-1].name, c.steps[-1].version) == target]
    return Reasons(
        name=name,
        kind=kind,
        version=version,
        inside=None if name.replace("_", "-") == _bare(asked).lower().replace("_", "-") else asked,
        platforms=tuple(graph.platform for graph in found),
        reasons=tuple(Reason(chain=c, place=places.get((c.root.table, c.root.text))) for c in fitting),
    )


def _bare(asked: str) -> str:
    """A name without the kind before it."""
    return asked.rpartition(":")[2]


def _places(project: Project) -> Mapping[tuple[KeyPath, str], Place]:
    try:
        return later.root_places(project)
    except EnvlockError:
        return {}  # what is wrong with env.toml is for `check` to say: the lock speaks for itself
