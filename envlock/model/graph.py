"""Who asks for what on a locked platform: from the requirements of env.toml, across conda packages and wheels, and
across the Debian packages of the base."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.debian_base import EVERY_BASE, MANIFEST, PYTHON, locked_interpreter, wanted_packages
from envlock.model.debian_closure import DebianClosure
from envlock.model.debian_relations import Compare
from envlock.model.lock import Inputs, Node, PlatformLock
from envlock.model.match_specs import conda_name
from envlock.model.needs import need
from envlock.model.platform import PLATFORMS
from envlock.model.requirements import applies
from envlock.model.spec import CondaSpec, EnvSpec, Wants

KINDS = ("debian", "conda", "pip")
_PYTHON = "python"  # the key, as a place


class Root(NamedTuple):
    """A requirement of env.toml: `place` as TOML names the table (`[groups.dev.pip]`), `table` above `conda` and `pip`
    (`("groups", "dev")`). What every base of Debian's packages has is of the place `base`."""

    text: str
    place: str
    table: tuple[str, ...] = ()


class State(NamedTuple):
    """A package as it is asked for: with these extras, which bring requirements of their own.

    Extras of a conda package name the distribution in it, too: `flask[async]`.
    """

    node: Node
    extras: tuple[str, ...] = ()


class Edge(NamedTuple):
    """What a package asks for, in one or more requirements."""

    texts: tuple[str, ...]
    to: State


@dataclass(frozen=True, slots=True)
class Graph:
    """The packages of one platform by (kind, name): versions, distributions inside conda packages, and all edges."""

    platform: str
    versions: Mapping[Node, str]
    provides: Mapping[str, Node]
    roots: tuple[tuple[Root, State], ...]
    requires: Mapping[Node, tuple[str, ...]]
    # of conda packages: "DISTRIBUTION[EXTRA]" -> what it brings
    extras: Mapping[Node, Mapping[str, tuple[str, ...]]]
    # of Debian packages: each requirement, and the package that it leads to
    answers: Mapping[Node, tuple[tuple[str, Node], ...]]

    @classmethod
    def of(cls, locked: PlatformLock, inputs: Inputs, compare: Compare) -> "Graph":
        """`compare` orders versions of Debian packages."""
        debian = DebianClosure(locked.debian, compare)
        provides = {text.partition("==")[0]: p.node for p in locked.conda for text in p.provides}
        graph = cls(
            platform=locked.platform,
            versions={p.node: p.version for p in locked.packages},
            provides=provides,
            roots=(),
            requires={p.node: p.requires for p in locked.packages},
            extras={p.node: _by_extra(p.extras) for p in locked.conda},
            answers={_debian(name): tuple((t, _debian(to)) for t, to in ways) for name, ways in debian.ways.items()},
        )
        environment = PLATFORMS[locked.platform].markers(locked.python or "3")
        found = [
            (root, state)
            for root, kind in roots(inputs, locked.platform)
            for state in graph._met(root, kind, environment)
        ]
        found += [
            (root, State(to.node)) for root in _debian_roots(inputs, locked) for to in [debian.led_to(root.text)] if to
        ]
        # whoever brings it
        found.sort(key=lambda pair: pair[0].place != _PYTHON)
        return replace(graph, roots=tuple(found))

    def edges(self, state: State) -> tuple[Edge, ...]:
        """What a package asks for, sorted; what is not locked (the system, what is stale) is left out."""
        found: dict[State, list[str]] = {}
        for text, to in self._needs(state):
            found.setdefault(to, []).append(text)
        return tuple(Edge(tuple(texts), to) for to, texts in sorted(found.items()))

    def named(self, name: str) -> tuple[Node, ...]:
        """The packages of a name, or the one that holds the distribution of that name; `debian:NAME`, `conda:NAME` and
        `pip:NAME` are of one kind."""
        asked, colon, bare = name.partition(":")
        bare = bare if colon else name
        pip = str(canonicalize_name(bare))
        nodes = (("debian", bare.lower()), ("conda", bare.lower()), ("pip", pip))
        found = [node for node in nodes if node in self.versions and node[0] in (asked, *([] if colon else KINDS))]
        return tuple(found) or ((self.provides[pip],) if pip in self.provides and not colon else ())

    def _needs(self, state: State) -> Iterable[tuple[str, State]]:
        of_kind = {"debian": self._of_debian, "conda": self._of_conda, "pip": self._of_wheel}
        return of_kind[state.node[0]](state)

    def _met(self, root: Root, kind: str, environment: Mapping[str, str]) -> Iterator[State]:
        if kind == "conda":
            yield from self._conda(root.text)
            return
        requirement = Requirement(root.text)
        if applies(requirement.marker, environment):
            yield from self._pip(canonicalize_name(requirement.name), map(canonicalize_name, requirement.extras))

    def _conda(self, spec: str) -> Iterator[State]:
        node = ("conda", conda_name(spec))
        if node in self.versions:
            yield State(node)

    def _of_debian(self, state: State) -> Iterator[tuple[str, State]]:
        yield from ((text, State(to)) for text, to in self.answers[state.node])

    def _of_conda(self, state: State) -> Iterator[tuple[str, State]]:
        """What a package needs, and what the extras of distributions inside it bring."""
        for text in self.requires[state.node]:
            yield from ((text, to) for to in self._conda(text))
        for extra in state.extras:
            for text in self.extras[state.node][extra]:
                wanted = need(text)
                yield from ((text, to) for to in self._pip(wanted.name, wanted.extras))

    def _of_wheel(self, state: State) -> Iterator[tuple[str, State]]:
        for text in self.requires[state.node]:
            wanted = need(text)
            if wanted.when is None or wanted.when in state.extras:
                yield from ((text, to) for to in self._pip(wanted.name, wanted.extras))

    def _pip(self, name: str, extras: Iterable[str]) -> Iterator[State]:
        if ("pip", name) in self.versions:
            yield State(("pip", name), tuple(sorted(extras)))
        elif name in self.provides:
            node = self.provides[name]
            inside = {f"{name}[{extra}]" for extra in extras}
            yield State(node, tuple(sorted(inside & self.extras[node].keys())))


def _debian(name: str) -> Node:
    return "debian", name


def _debian_roots(inputs: Inputs, locked: PlatformLock) -> Iterator[Root]:
    """What a base of Debian's packages begins with, in the order in which it is told."""
    wanted = wanted_packages(inputs.debian, locked_interpreter(locked.base)) if inputs.debian else {}
    places = {PYTHON: (_PYTHON, ()), MANIFEST: ("[image.debian]", ("image", "debian")), EVERY_BASE: ("base", ())}
    for asker, (place, table) in places.items():
        yield from (Root(text, place, table) for text, who in wanted.items() if who == asker)


def _by_extra(lines: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Of "flask[async]: asgiref>=3.2" and the like; an extra that brings nothing makes no difference."""
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        extra, _, brought = line.partition(": ")
        if brought:
            found[extra] = (*found.get(extra, ()), brought)
    return found


def roots(inputs: Inputs, platform: str) -> Iterator[tuple[Root, str]]:
    """All that env.toml asks for on a platform, each with its kind, in the order of the file."""
    main = Wants(conda=inputs.conda, pip=inputs.pip)
    yield from ((Root(text, _PYTHON), "conda") for text in _python(inputs, platform))
    yield from _of(main, ())
    for project in inputs.editable:
        yield from ((Root(text, f"[pip] editable {project.path}"), "pip") for text in project.dependencies)
    yield from _of(dict(inputs.platform_wants).get(platform, Wants()), ("platform", platform))
    for group, wants in inputs.groups:
        yield from _of(wants, ("groups", group))


def _of(wants: Wants, table: tuple[str, ...]) -> Iterator[tuple[Root, str]]:
    for kind, texts in (("conda", wants.conda), ("pip", wants.pip)):
        place = f"[{'.'.join((*table, kind))}]"
        yield from ((Root(text, place, table), kind) for text in texts)


def _python(inputs: Inputs, platform: str) -> tuple[str, ...]:
    """The match spec that the key `python` stands for, where Python is conda's."""
    stated = CondaSpec(dependencies=inputs.conda)
    spec = EnvSpec(
        name="", python=inputs.python, conda=stated, platform_wants=inputs.platform_wants, groups=inputs.groups
    )
    written = {*inputs.conda, *dict(inputs.platform_wants).get(platform, Wants()).conda}
    return tuple(text for text in spec.wants(platform).conda if text not in written)
