"""The bill of materials of a locked platform, and its text in a format."""

from collections.abc import Mapping
from dataclasses import dataclass

from envlock.interchange.exports.bill import Bill
from envlock.model.digest import lock_hash
from envlock.model.graph import Graph, State
from envlock.model.lock import Lock, Node, PlatformLock
from envlock.workflows import later


@dataclass(frozen=True, slots=True, kw_only=True)
class Billed:
    """What a bill is asked of: an environment by name, one platform of its lock, and groups beside the main set."""

    name: str
    lock: Lock
    locked: PlatformLock
    groups: tuple[str, ...] = ()


def bill_of(asked: Billed, licences: Mapping[Node, str] | None = None) -> Bill:
    """The bill; without `licences` it is the same wherever the lock is the same."""
    wanted = asked.locked.of_groups(*asked.groups)
    roots, needs = _graph(asked, wanted)
    return Bill(
        name=asked.name,
        key=lock_hash(asked.lock, asked.locked),
        locked=wanted,
        groups=tuple(sorted(set(asked.groups))),
        roots=roots,
        needs=needs,
        licences=licences or {},
    )


def _graph(asked: Billed, wanted: PlatformLock) -> tuple[tuple[Node, ...], dict[Node, tuple[Node, ...]]]:
    """What env.toml asks for itself, and what needs what: as far as it is wanted."""
    graph = Graph.of(asked.locked, asked.lock.inputs, later.debian_compare)
    here = {package.node for package in wanted.packages}
    others = {("groups", group) for group, _ in asked.lock.inputs.groups if group not in asked.groups}
    to_visit = [state for root, state in graph.roots if state.node in here and root.table not in others]
    roots = tuple(sorted({state.node for state in to_visit}))
    needs: dict[Node, set[Node]] = {}
    seen: set[State] = set()
    while to_visit:
        state = to_visit.pop()
        if state not in seen:
            seen.add(state)
            found = [edge.to for edge in graph.edges(state) if edge.to.node in here and edge.to.node != state.node]
            needs.setdefault(state.node, set()).update(to.node for to in found)
            to_visit += found
    return roots, {node: tuple(sorted(found)) for node, found in needs.items()}
