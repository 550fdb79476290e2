"""What of a locked platform a group needs: followed from its roots to the end, across conda packages and wheels."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.lock import CondaPackage, Node, PipPackage, PlatformLock
from envlock.model.match_specs import conda_name
from envlock.model.needs import need
from envlock.model.platform import PLATFORMS
from envlock.model.requirements import applies
from envlock.model.spec import MAIN, EnvSpec, Wants

_PYTHON: Node = ("conda", "python")

# a package, and "" or one of its extras; of what is inside a conda package "DISTRIBUTION[EXTRA]"
State = tuple[Node, str]


class Closure:
    """The packages of one platform by name, and the ways between them."""

    def __init__(
        self, conda: Iterable[CondaPackage], pip: Iterable[PipPackage], environment: Mapping[str, str]
    ) -> None:
        self._conda = {p.name: p for p in conda}
        self._pip = {p.name: p for p in pip}
        self._provider = {text.partition("==")[0]: p.name for p in self._conda.values() for text in p.provides}
        self._environment = environment

    def reached(self, wants: Wants, beside: frozenset[Node] = frozenset()) -> frozenset[Node]:
        """All that these requirements lead to; a Python with them, which wheels never say that they need, where what
        is installed `beside` has none."""
        found = {node for node, _ in self.states(wants)}
        if any(kind == "pip" for kind, _ in found) and _PYTHON not in found | beside:
            found |= {node for node, _ in self._from(self._conda_states("python"))}
        return frozenset(found)

    def states(self, wants: Wants) -> set[State]:
        """The same, each without any extra ("") and with each that is asked for."""
        return self._from(self._roots(wants))

    def _from(self, states: Iterable[State]) -> set[State]:
        found: set[State] = set()
        waiting = list(states)
        while waiting:
            state = waiting.pop()
            if state not in found:
                found.add(state)
                waiting += self._next(*state)
        return found

    def _roots(self, wants: Wants) -> Iterator[State]:
        for spec in wants.conda:
            yield from self._conda_states(conda_name(spec))
        for text in wants.pip:
            root = Requirement(text)
            if applies(root.marker, self._environment):
                yield from self._states(canonicalize_name(root.name), map(canonicalize_name, root.extras))

    def _next(self, node: Node, extra: str) -> Iterator[State]:
        kind, name = node
        if kind == "conda":
            yield from self._next_of_conda(self._conda[name], extra)
            return
        for text in self._pip[name].requires:
            wanted = need(text)
            if wanted.when in (None, extra):
                yield from self._states(wanted.name, wanted.extras)

    def _next_of_conda(self, package: CondaPackage, extra: str) -> Iterator[State]:
        """What a package needs, or what an extra, `DISTRIBUTION[EXTRA]`, of a distribution inside it brings."""
        if not extra:
            for spec in package.requires:
                yield from self._conda_states(conda_name(spec))
            return
        for line in package.extras:
            asked, _, brought = line.partition(": ")
            if asked == extra and brought:
                wanted = need(brought)
                yield from self._states(wanted.name, wanted.extras)

    def _conda_states(self, name: str) -> Iterator[State]:
        if name in self._conda:
            yield ("conda", name), ""

    def _states(self, name: str, extras: Iterable[str]) -> Iterator[State]:
        """A distribution: a wheel, with each of the extras, or what is inside a conda package."""
        if name in self._pip:
            yield from ((("pip", name), extra) for extra in ("", *extras))
        elif name in self._provider:
            node = "conda", self._provider[name]
            yield from ((node, extra) for extra in ("", *(f"{name}[{extra}]" for extra in extras)))


def groups_by_node(spec: EnvSpec, locked: PlatformLock) -> dict[Node, list[str]]:
    """The groups that need each package of a platform, the main one first; none of what none needs."""
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    closure = Closure(locked.conda, locked.pip, environment)
    main = closure.reached(spec.wants(locked.platform))
    found = {node: [MAIN] for node in main}
    for group in spec.group_names[1:]:
        for node in closure.reached(spec.wants(locked.platform, group), beside=main):
            found.setdefault(node, []).append(group)
    return found


def asked_extras(spec: EnvSpec, locked: PlatformLock) -> frozenset[State]:
    """The extras that anything asks for, with whose they are."""
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    closure = Closure(locked.conda, locked.pip, environment)
    return frozenset(state for state in closure.states(spec.all_wants(locked.platform)) if state[1])


def with_groups(locked: PlatformLock, spec: EnvSpec) -> PlatformLock:
    """A platform's lock in which each package says which groups need it; what none needs is left out."""
    found = groups_by_node(spec, locked)
    return replace(
        locked,
        conda=tuple(replace(p, groups=tuple(sorted(found[node]))) for p in locked.conda if (node := p.node) in found),
        pip=tuple(replace(p, groups=tuple(sorted(found[node]))) for p in locked.pip if (node := p.node) in found),
    )
