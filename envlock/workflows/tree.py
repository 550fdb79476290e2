"""tree: what needs what, from env.toml down or from packages up."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from envlock.errors import AnswerIsNo
from envlock.model.debian_base import locked_interpreter
from envlock.model.graph import Graph
from envlock.model.lock import Lock
from envlock.model.merged_graph import MergedGraph, Vertex, merged
from envlock.model.tree import Section, TreeNode, inverted, tips, tree, tree_of
from envlock.workflows.graphs import graphs, lock_of, require_named
from envlock.workflows.project import Project
from envlock.workflows.show import locked_for

BASE = "base"


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeView:
    """Trees of what is on these platforms; a node says on which of them it is."""

    platforms: tuple[str, ...]
    sections: tuple[Section, ...]


def tree_view(
    project: Project, name: str | None, *, platform: str | None = None, depth: int | None = None, invert: bool = False
) -> TreeView:
    """The trees of all platforms in one, of one package's where there is a `name`."""
    lock = lock_of(project)
    found = graphs(lock, platform)
    whole = merged(found)
    if name is None and not invert:
        return TreeView(platforms=whole.platforms, sections=(*_python(lock, platform), *tree(whole, depth)))
    vertices = tips(whole) if name is None else _named(name, lock, found, whole)
    sections = inverted(whole, vertices, depth) if invert else tree_of(whole, vertices, depth)
    return TreeView(platforms=whole.platforms, sections=sections)


def _named(name: str, lock: Lock, found: Sequence[Graph], whole: MergedGraph) -> list[Vertex]:
    require_named(found, lock, name)
    nodes = {node for graph in found for node in graph.named(name)}
    vertices = [vertex for vertex in whole.arrows if (vertex.kind, vertex.name) in nodes]
    if not vertices:
        raise AnswerIsNo(f"`{name}` is locked, but nothing asks for it", hint="run `envlock lock`")
    return vertices


def _python(lock: Lock, platform: str | None) -> Iterator[Section]:
    """The base's Python, where no package brings it."""
    versions: dict[str, list[str]] = {}
    for locked in locked_for(lock, platform):
        has_package = locked_interpreter(locked.base) or any(package.name == "python" for package in locked.conda)
        if locked.python and not has_package:
            versions.setdefault(locked.python, []).append(locked.platform)
    nodes = (_leaf(version, tuple(platforms)) for version, platforms in versions.items())
    if versions:
        yield Section(place="python", nodes=tuple(nodes))


def _leaf(version: str, platforms: tuple[str, ...]) -> TreeNode:
    return TreeNode(
        name="python",
        version=version,
        kind=BASE,
        extras=(),
        requirements=(),
        platforms=platforms,
        repeated=False,
        children=(),
    )
