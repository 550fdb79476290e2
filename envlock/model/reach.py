"""Which groups need what is locked: what none does, and where the lock says otherwise."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet

from envlock.model.closure import groups_by_node
from envlock.model.lock import Node, PlatformLock
from envlock.model.match_specs import conda_name
from envlock.model.needs import need
from envlock.model.problem import Problem, unasked
from envlock.model.spec import EnvSpec


def wrong_groups(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """Packages that no way leads to from env.toml, and those that other groups need than the lock says."""
    needed, ways = groups_by_node(spec, locked), ways_of(locked)
    yield from (unasked(name, locked.platform) for _, name in first(ways.keys() - needed.keys(), ways))
    # by what is wrong with them: where one package moves, so does all that it asks for
    moved: dict[tuple[tuple[str, ...], tuple[str, ...]], set[Node]] = {}
    for package in locked.prefix_packages:
        groups = tuple(sorted(needed.get(package.node, package.groups)))
        if groups != package.groups:
            moved.setdefault((groups, package.groups), set()).add(package.node)
    for (groups, recorded), nodes in moved.items():
        yield from (_moved(name, locked.platform, groups, recorded) for _, name in first(nodes, ways))


def _moved(name: str, platform: str, needed: tuple[str, ...], recorded: tuple[str, ...]) -> Problem:
    only = " only" if set(recorded) < set(needed) else ""
    return Problem(
        kind="group",
        subject=name,
        platform=platform,
        message=f"`{name}` is needed by {_named(needed)} and locked for {_named(recorded)}{only}",
    )


def _named(groups: Sequence[str]) -> str:
    return f"group{'s' if len(groups) > 1 else ''} {', '.join(f'`{name}`' for name in groups)}"


def ways_of(locked: PlatformLock) -> dict[Node, list[Node]]:
    """What each package asks for directly, for whichever extra; of a distribution inside a conda package that one."""
    provider = {text.partition("==")[0]: p.node for p in locked.conda for text in p.provides}
    conda: dict[Node, list[Node]] = {p.node: [("conda", conda_name(text)) for text in p.requires] for p in locked.conda}
    names = {p.node: [need(text).name for text in p.requires] for p in locked.pip}
    return conda | {node: [provider.get(name, ("pip", name)) for name in found] for node, found in names.items()}


def first(nodes: AbstractSet[Node], ways: Mapping[Node, Iterable[Node]]) -> Iterator[Node]:
    """Those that none of the others asks for, and of those that ask only for one another the first.

    What only such a one asks for is not named: it goes with it.
    """
    asked = {way for node in nodes for way in ways[node] if way != node}
    told: set[Node] = set()
    for node in (*sorted(nodes - asked), *sorted(nodes)):
        if node not in told:
            yield node
            told |= _from(node, ways)


def _from(start: Node, ways: Mapping[Node, Iterable[Node]]) -> set[Node]:
    found: set[Node] = set()
    waiting = [start]
    while waiting:
        node = waiting.pop()
        if node in ways and node not in found:
            found.add(node)
            waiting += ways[node]
    return found
