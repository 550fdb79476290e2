"""The graphs of several platforms as one, in which everything says on which of them it is so."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from envlock.model.graph import Graph, Root, State


class Vertex(NamedTuple):
    """A package in one version, as it is asked for; platforms that agree on these share it."""

    name: str
    kind: str
    version: str
    extras: tuple[str, ...] = ()


@dataclass(slots=True)
class Arrow:
    """The requirements by which one vertex asks for another, and the platforms on which it does."""

    texts: set[str] = field(default_factory=set)
    platforms: set[str] = field(default_factory=set)

    def add(self, texts: Iterable[str], platform: str) -> None:
        self.texts.update(texts)
        self.platforms.add(platform)


@dataclass(frozen=True, slots=True)
class MergedGraph:
    """`platforms` in order; roots in the order of env.toml, with what each leads to; the arrows from each vertex."""

    platforms: tuple[str, ...]
    roots: Mapping[Root, Mapping[Vertex, Arrow]]
    arrows: Mapping[Vertex, Mapping[Vertex, Arrow]]

    def reversed(self) -> "dict[Vertex, dict[Vertex, Arrow]]":
        """The same arrows, backwards."""
        back: dict[Vertex, dict[Vertex, Arrow]] = {vertex: {} for vertex in self.arrows}
        for vertex, arrows in self.arrows.items():
            for to, arrow in arrows.items():
                back[to][vertex] = arrow
        return back


def merged(graphs: Iterable[Graph]) -> MergedGraph:
    """All that the roots lead to, on all platforms."""
    graphs = tuple(graphs)
    roots: dict[Root, dict[Vertex, Arrow]] = {}
    arrows: dict[Vertex, dict[Vertex, Arrow]] = {}
    for graph in graphs:
        for root, state in graph.roots:
            roots.setdefault(root, {}).setdefault(vertex(graph, state), Arrow()).add([root.text], graph.platform)
        _walk(graph, arrows)
    return MergedGraph(tuple(graph.platform for graph in graphs), roots, arrows)


def vertex(graph: Graph, state: State) -> Vertex:
    kind, name = state.node
    return Vertex(name, kind, graph.versions[state.node], state.extras)


def _walk(graph: Graph, arrows: dict[Vertex, dict[Vertex, Arrow]]) -> None:
    waiting = [state for _, state in graph.roots]
    seen: set[State] = set()
    while waiting:
        state = waiting.pop()
        if state in seen:
            continue
        seen.add(state)
        outgoing = arrows.setdefault(vertex(graph, state), {})
        for edge in graph.edges(state):
            outgoing.setdefault(vertex(graph, edge.to), Arrow()).add(edge.texts, graph.platform)
            waiting.append(edge.to)
