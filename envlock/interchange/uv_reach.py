"""Which packages of a uv.lock are reached on one platform and Python, from the projects that it was made for."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from envlock.interchange.pythons import Selection, Spans
from envlock.interchange.uv_packages import Edge, UvLocked

# a package by its place in the lock, and "", an extra or a dependency group of it
State = tuple[int, str]


@dataclass(frozen=True)
class Reach:
    """The ways through a lock on one platform; `selection` are the extras and groups that markers of conflicts see."""

    packages: Sequence[UvLocked]
    spans: Spans
    selection: Selection
    _by_name: dict[str, list[int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for number, package in enumerate(self.packages):
            self._by_name.setdefault(package.name, []).append(number)

    def states(self, first: Iterable[State], edges: Iterable[Edge], python: str) -> set[State]:
        """All that is reached from some states, and by some needs."""
        waiting = [*first, *(state for edge in edges for state in self._ends(edge, python))]
        found: set[State] = set()
        while waiting:
            state = waiting.pop()
            if state in found:
                continue
            found.add(state)
            number, part = state
            for edge in self.packages[number].needs.get(part, ()):
                waiting += self._ends(edge, python)
        return found

    def _ends(self, edge: Edge, python: str) -> Iterator[State]:
        if self.spans.holds(edge.marker, python, self.selection):
            for number in self._meant(edge, python):
                yield from ((number, part) for part in ("", *edge.extras))

    def _meant(self, edge: Edge, python: str) -> list[int]:
        """The package that a need is for: mostly there is one of its name."""
        named = self._by_name.get(edge.name, [])
        if len(named) < 2:
            return named
        return [number for number in named if self._is_meant(self.packages[number], edge, python)]

    def _is_meant(self, package: UvLocked, edge: Edge, python: str) -> bool:
        if edge.version is not None and edge.version != package.version:
            return False
        if edge.version is not None and edge.origin is not None and edge.origin != package.origin:
            return False
        holding = (self.spans.holds(marker, python, self.selection) for marker in package.markers)
        return not package.markers or any(holding)


def markers_of(packages: Iterable[UvLocked], more: Mapping[str, Iterable[Edge]]) -> set[str]:
    """Every marker that decides something."""
    found: set[str] = set()
    for package in packages:
        found |= {*package.markers, *(edge.marker for edges in package.needs.values() for edge in edges if edge.marker)}
    return found | {edge.marker for edges in more.values() for edge in edges if edge.marker}
