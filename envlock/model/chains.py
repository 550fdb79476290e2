"""Why a package is locked: the shortest ways that lead to it from each requirement of env.toml."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from envlock.model.graph import Edge, Graph, Root, State
from envlock.model.lock import Node

# ways of the same length from one requirement: beyond that nobody reads them
LIMIT = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A package on the way, and the requirements by which the one before it (at first env.toml) asks for it."""

    name: str
    kind: str
    version: str
    requirements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """One way, from a requirement of env.toml to the package, which is the last step, on the platforms it is on."""

    root: Root
    steps: tuple[Step, ...]
    platforms: tuple[str, ...]


def chains(graphs: Iterable[Graph], name: str) -> tuple[Chain, ...]:
    """From each requirement that leads there all ways of the least length, in the order of env.toml."""
    found: dict[tuple[Root, tuple[Step, ...]], list[str]] = {}
    places: dict[str, int] = {}
    for graph in graphs:
        targets = graph.named(name)
        for root, steps in _ways(graph, targets):
            places.setdefault(root.place, len(places))
            found.setdefault((root, steps), []).append(graph.platform)
    listed = [Chain(root=root, steps=steps, platforms=tuple(on)) for (root, steps), on in found.items()]
    return tuple(sorted(listed, key=lambda c: (places[c.root.place], c.root.text)))


def _ways(graph: Graph, targets: Collection[Node]) -> Iterator[tuple[Root, tuple[Step, ...]]]:
    edges = _all_edges(graph)
    left = _distances(edges, targets)
    for root, state in graph.roots:
        if state in left:
            first = _step(graph, (root.text,), state)
            ways = ((first, *rest) for rest in _onward(graph, edges, left, state))
            yield from ((root, way) for way in islice(ways, LIMIT))


def _onward(
    graph: Graph, edges: dict[State, tuple[Edge, ...]], left: dict[State, int], state: State
) -> Iterator[tuple[Step, ...]]:
    """All ways from here, depth first; one may be longer than calls can be nested."""
    waiting: list[tuple[State, tuple[Step, ...]]] = [(state, ())]
    while waiting:
        at, steps = waiting.pop()
        if left[at] == 0:
            yield steps
            continue
        nearer = (edge for edge in reversed(edges[at]) if left.get(edge.to) == left[at] - 1)
        waiting += ((edge.to, (*steps, _step(graph, edge.texts, edge.to))) for edge in nearer)


def _step(graph: Graph, texts: tuple[str, ...], state: State) -> Step:
    kind, name = state.node
    return Step(name=name, kind=kind, version=graph.versions[state.node], requirements=texts)


def _all_edges(graph: Graph) -> dict[State, tuple[Edge, ...]]:
    found: dict[State, tuple[Edge, ...]] = {}
    waiting = [state for _, state in graph.roots]
    while waiting:
        state = waiting.pop()
        if state not in found:
            found[state] = graph.edges(state)
            waiting += [edge.to for edge in found[state]]
    return found


def _distances(edges: dict[State, tuple[Edge, ...]], targets: Collection[Node]) -> dict[State, int]:
    """How many steps are left from each package from which there is a way."""
    askers: dict[State, list[State]] = {}
    for state, outgoing in edges.items():
        for edge in outgoing:
            askers.setdefault(edge.to, []).append(state)
    left = dict.fromkeys((state for state in edges if state.node in targets), 0)
    waiting = [*left]
    for state in waiting:  # grows while it is walked: nearest first
        for asker in askers.get(state, ()):
            if asker not in left:
                left[asker] = left[state] + 1
                waiting.append(asker)
    return left
