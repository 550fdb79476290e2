"""Which packages of a uv.lock are reached on one platform, on which Pythons, from the projects that it was made for."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from envlock.interchange.pip.pythons import Selection, Spans
from envlock.interchange.pip.uv_packages import Edge, UvLocked

# a package by its place in the lock, and "", an extra or a dependency group of it
State = tuple[int, str]
# some of `Spans.lowest`
Pythons = frozenset[str]
_NOWHERE: Pythons = frozenset()


@dataclass(frozen=True)
class Reach:
    """The ways through a lock on one platform; `selection` are the extras and groups that markers of conflicts see."""

    packages: Sequence[UvLocked]
    spans: Spans
    selection: Selection

    def states(self, first: Iterable[State], edges: Iterable[Edge]) -> dict[State, Pythons]:
        """All that is reached from some states, and by some needs, and on which Pythons."""
        everywhere = self._where(None)
        found: dict[State, Pythons] = {}
        # by what is still to be followed: in turn, so that what comes by several ways is followed once
        waiting: dict[State, Pythons] = {}
        turns: deque[State] = deque()

        def add(state: State, where: Pythons) -> None:
            new = where - found.get(state, _NOWHERE)
            if new:
                turns.append(state)
                waiting[state] = waiting.get(state, _NOWHERE) | new

        for state in first:
            add(state, everywhere)
        for edge in edges:
            self._follow(edge, everywhere, add)
        while turns:
            state = turns.popleft()
            where = waiting.pop(state, _NOWHERE)
            found[state] = found.get(state, _NOWHERE) | where
            number, part = state
            for edge in self.packages[number].needs.get(part, ()) if where else ():
                self._follow(edge, where, add)
        return found

    def _follow(self, edge: Edge, where: Pythons, add: Callable[[State, Pythons], None]) -> None:
        where &= self._where(edge.marker)
        for number in self._by_name.get(edge.name, ()) if where else ():
            there = where & self._meant(number, edge)
            for part in ("", *edge.extras):
                add((number, part), there)

    def _where(self, marker: str | None) -> Pythons:
        """The Pythons on which a marker holds."""
        if marker not in self._known:
            holding = (each for each in self.spans.lowest if self.spans.holds(marker, each, self.selection))
            self._known[marker] = frozenset(holding)
        return self._known[marker]

    def _meant(self, number: int, edge: Edge) -> Pythons:
        """Where a need is for this package: mostly everywhere, as there is one of its name."""
        package = self.packages[number]
        if len(self._by_name[edge.name]) == 1:
            return self._where(None)
        if edge.version is not None and edge.version != package.version:
            return _NOWHERE
        if edge.version is not None and edge.origin is not None and edge.origin != package.origin:
            return _NOWHERE
        return _NOWHERE.union(*map(self._where, package.markers or (None,)))

    @cached_property
    def _known(self) -> dict[str | None, Pythons]:
        return {}

    @cached_property
    def _by_name(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for number, package in enumerate(self.packages):
            found.setdefault(package.name, []).append(number)
        return found


def markers_of(packages: Iterable[UvLocked], more: Mapping[str, Iterable[Edge]]) -> set[str]:
    """Every marker that decides something."""
    found: set[str] = set()
    for package in packages:
        found |= {*package.markers, *(edge.marker for edges in package.needs.values() for edge in edges if edge.marker)}
    return found | {edge.marker for edges in more.values() for edge in edges if edge.marker}
