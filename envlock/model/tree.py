"""What needs what as a tree, whole subtrees drawn once: from env.toml down, or from packages up to it."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from envlock.model.merged_graph import Arrow, MergedGraph, Vertex

Arrows = Mapping[Vertex, Mapping[Vertex, Arrow]]
ROOT = "root"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A package as somebody asks for it: by which requirements, on which platforms. `repeated`: its children are
    shown elsewhere. Of kind `root` it is a requirement of env.toml, `name` its place there."""

    name: str
    version: str
    kind: str
    extras: tuple[str, ...]
    requirements: tuple[str, ...]
    platforms: tuple[str, ...]
    repeated: bool
    children: "tuple[TreeNode, ...]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Trees that begin in one place of env.toml; `place` is "" where they begin with packages."""

    place: str
    nodes: tuple[TreeNode, ...]


# a package that another asks for: by which requirements, on which platforms
_Asked = tuple[Vertex, Iterable[str], frozenset[str]]


@dataclass(slots=True)
class _Begun:
    """A node whose children are being drawn; those that are `waiting` are so in reverse."""

    asked: _Asked
    repeated: bool
    waiting: list[_Asked]
    children: list[TreeNode] = field(default_factory=list)


@dataclass(slots=True)
class _Drawing:
    graph: MergedGraph
    arrows: Arrows
    depth: int | None
    # by vertex: how deep, and for which platforms, its children were drawn already
    drawn: dict[Vertex, list[tuple[int, frozenset[str]]]] = field(default_factory=dict)

    def node(self, vertex: Vertex, texts: Iterable[str], platforms: frozenset[str], level: int) -> TreeNode:
        """Depth first; a way may be longer than calls can be nested."""
        open_: list[_Begun] = []
        asked: _Asked = (vertex, texts, platforms)
        while True:
            open_.append(self._begun(asked, level + len(open_)))
            while not open_[-1].waiting:
                done = self._done(open_.pop())
                if not open_:
                    return done
                open_[-1].children.append(done)
            asked = open_[-1].waiting.pop()

    def _begun(self, asked: _Asked, level: int) -> _Begun:
        vertex, _, platforms = asked
        children = self._children(vertex, platforms)
        repeated = bool(children) and self._is_drawn(vertex, platforms, level)
        if repeated or (self.depth is not None and level >= self.depth):
            children = []
        else:
            self.drawn.setdefault(vertex, []).append((level, platforms))
        return _Begun(asked, repeated, children[::-1])

    def _done(self, begun: _Begun) -> TreeNode:
        vertex, texts, platforms = begun.asked
        return TreeNode(
            name=vertex.name,
            version=vertex.version,
            kind=vertex.kind,
            extras=vertex.extras,
            requirements=tuple(sorted(texts)),
            platforms=self.ordered(platforms),
            repeated=begun.repeated,
            children=tuple(begun.children),
        )

    def ordered(self, platforms: Collection[str]) -> tuple[str, ...]:
        return tuple(name for name in self.graph.platforms if name in platforms)

    def _children(self, vertex: Vertex, platforms: frozenset[str]) -> list[_Asked]:
        found = ((to, arrow.texts, platforms & arrow.platforms) for to, arrow in self.arrows.get(vertex, {}).items())
        return [(to, texts, on) for to, texts, on in sorted(found, key=lambda asked: asked[0]) if on]

    def _is_drawn(self, vertex: Vertex, platforms: frozenset[str], level: int) -> bool:
        """Also where it is being drawn just now, further up: a ring ends there."""
        earlier = self.drawn.get(vertex, ())
        return any(on >= platforms and (self.depth is None or depth <= level) for depth, on in earlier)


def tree(graph: MergedGraph, depth: int | None = None) -> tuple[Section, ...]:
    """From the requirements of env.toml down, in its order; `depth` is how many levels are shown below them."""
    drawing = _Drawing(graph, graph.arrows, depth)
    found: dict[str, list[TreeNode]] = {}
    places = {root.place: number for number, root in reversed([*enumerate(graph.roots)])}
    for root in sorted(graph.roots, key=lambda root: (places[root.place], root.text)):
        for vertex, arrow in sorted(graph.roots[root].items(), key=lambda item: item[0]):
            node = drawing.node(vertex, arrow.texts, frozenset(arrow.platforms), 0)
            found.setdefault(root.place, []).append(node)
    return tuple(Section(place=place, nodes=tuple(nodes)) for place, nodes in found.items())


def tree_of(graph: MergedGraph, vertices: Iterable[Vertex], depth: int | None = None) -> tuple[Section, ...]:
    """From these packages down."""
    return _from(_Drawing(graph, graph.arrows, depth), vertices)


def inverted(graph: MergedGraph, vertices: Iterable[Vertex], depth: int | None = None) -> tuple[Section, ...]:
    """From these packages up to the requirements of env.toml, which are of kind `root`."""
    back = graph.reversed()
    for root, leads in graph.roots.items():
        for vertex, arrow in leads.items():
            back[vertex][Vertex(root.place, ROOT, "", (root.text,))] = arrow
    return _from(_Drawing(graph, back, depth), vertices)


def tips(graph: MergedGraph) -> tuple[Vertex, ...]:
    """The packages that ask for nothing, and one of each ring that asks for nothing else."""
    found = [vertex for vertex, arrows in graph.arrows.items() if not arrows]
    back = graph.reversed()
    covered = _reached(found, back)
    for vertex in sorted(graph.arrows):
        if vertex not in covered:
            # whatever leads out of a ring was covered: this is in one, or leads to one and comes with it
            found.append(_deepest(vertex, graph.arrows))
            covered |= _reached(found[-1:], back)
    return tuple(sorted(found))


def _deepest(vertex: Vertex, arrows: Arrows) -> Vertex:
    seen = [vertex]
    while following := sorted(to for to in arrows[seen[-1]] if to not in seen):
        seen.append(following[0])
    return seen[-1]


def _reached(vertices: Iterable[Vertex], arrows: Arrows) -> set[Vertex]:
    found: set[Vertex] = set()
    waiting = list(vertices)
    while waiting:
        vertex = waiting.pop()
        if vertex not in found:
            found.add(vertex)
            waiting += arrows[vertex]
    return found


def _from(drawing: _Drawing, vertices: Iterable[Vertex]) -> tuple[Section, ...]:
    everywhere = frozenset(drawing.graph.platforms)
    nodes = tuple(drawing.node(vertex, (), _on(drawing, vertex) & everywhere, 0) for vertex in sorted(vertices))
    return (Section(place="", nodes=nodes),)


def _on(drawing: _Drawing, vertex: Vertex) -> frozenset[str]:
    """The platforms that a package is on: those on which something asks for it."""
    found: Iterator[Arrow] = (
        arrow for arrows in drawing.graph.arrows.values() for to, arrow in arrows.items() if to == vertex
    )
    roots = (leads[vertex] for leads in drawing.graph.roots.values() if vertex in leads)
    return frozenset(name for arrow in (*found, *roots) for name in arrow.platforms)
