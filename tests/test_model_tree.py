"""Graphs and trees of what is locked: rings, extras, several platforms, and nothing lost."""

from collections.abc import Iterator
from dataclasses import replace

import click
from hypothesis import given
from hypothesis import strategies as st

from envlock.cli.tree_lines import section_lines
from envlock.debian.versions import compare
from envlock.model.chains import chains
from envlock.model.graph import Graph
from envlock.model.lock import Base, Inputs, PipPackage, PlatformLock
from envlock.model.merged_graph import MergedGraph, merged
from envlock.model.tree import Section, TreeNode, inverted, tips, tree, tree_of
from tests.support.locks import LOCK
from tests.support.wide_project import conda, pip

ASKED = replace(LOCK.inputs, conda=(), python=None)


def graph(*packages: PipPackage, asks: tuple[str, ...], platform: str = "linux-64") -> Graph:
    inputs: Inputs = replace(ASKED, pip=asks)
    return Graph.of(PlatformLock(platform=platform, base=Base(python="3.11.0"), pip=packages), inputs, compare)


def nodes(sections: tuple[Section, ...]) -> Iterator[TreeNode]:
    waiting = [node for section in sections for node in section.nodes]
    while waiting:
        node = waiting.pop(0)
        yield node
        waiting = [*node.children, *waiting]


def shown(sections: tuple[Section, ...]) -> list[str]:
    return [f"{node.name}{'*' if node.repeated else ''}" for node in nodes(sections)]


RING = (pip("a", "1", "b"), pip("b", "1", "c"), pip("c", "1", "b"))


def test_a_ring_ends_where_it_closes() -> None:
    whole = merged([graph(*RING, asks=("a",))])
    assert shown(tree(whole)) == ["a", "b", "c", "b*"]
    assert [vertex.name for vertex in tips(whole)] == ["c"]
    assert shown(inverted(whole, tips(whole))) == ["c", "b", "a", "[pip]", "c*"]


def test_a_package_has_what_its_extras_bring_only_where_they_are_asked_for() -> None:
    packages = (
        pip("a", "1", 'x ; extra == "e"', "y", extras=("e",)),
        pip("b", "1", "a[e]"),
        pip("x", "1"),
        pip("y", "1"),
    )
    whole = merged([graph(*packages, asks=("a", "b"))])
    assert shown(tree(whole)) == ["a", "y", "b", "a", "x", "y"]
    assert [chain.root.text for chain in chains([graph(*packages, asks=("a", "b"))], "x")] == ["b"]


def test_extras_of_what_conda_provides_bring_what_they_bring() -> None:
    """Of a conda package of the distribution's name and of another; only where they are asked for."""
    brought = ("flask[async]: x>=1", "other[e]: y", "other[none]")
    inside = conda("flask", "3", "linux-64", provides=("flask==3", "other==1"), extras=brought)
    asks = ("flask[async]", "other[e,none]", "a")
    found = Graph.of(
        PlatformLock(
            platform="linux-64",
            base=Base(python="3.11.0"),
            conda=(inside,),
            pip=(pip("a", "1", "other"), pip("x", "1"), pip("y", "1")),
        ),
        replace(ASKED, pip=asks),
        compare,
    )
    (section,) = tree(merged([found]))
    assert [click.unstyle(line) for line in section_lines(section, ("linux-64",))][1:] == [
        "├── a 1",
        "│   └── flask 3  conda  other",
        "├── flask[async] 3  conda",
        "│   └── x 1  pip",
        "└── flask 3  conda  other[e,none]",
        "    └── y 1  pip",
    ]
    assert [chain.root.text for chain in chains([found], "x")] == ["flask[async]"]
    assert [chain.root.text for chain in chains([found], "y")] == ["other[e,none]"]


def test_what_was_cut_off_by_depth_is_shown_where_there_is_room() -> None:
    packages = (pip("a", "1", "b"), pip("b", "1", "c"), pip("c", "1", "d"), pip("d", "1"))
    whole = merged([graph(*packages, asks=("a", "c"))])
    assert shown(tree(whole, 2)) == ["a", "b", "c", "c", "d"]
    assert shown(tree(whole)) == ["a", "b", "c", "d", "c*"]


def test_requirements_with_markers_stand_in_their_own_section() -> None:
    packages = (pip("a", "1"), pip("b", "1"))
    asks = ('a ; sys_platform == "win32"', "b")
    both = [graph(*packages, asks=asks), graph(*packages, asks=asks, platform="win-64")]
    (section,) = tree(merged(both))
    assert section.place == "[pip]"
    assert [(node.name, node.platforms) for node in section.nodes] == [
        ("a", ("win-64",)),
        ("b", ("linux-64", "win-64")),
    ]


names = st.sampled_from("abcdefg")
graphs = st.dictionaries(names, st.sets(names, max_size=3)).flatmap(
    lambda needs: st.sets(st.sampled_from(sorted(needs) or ["a"]), min_size=1).map(
        lambda asks: graph(*(pip(n, "1", *sorted(to)) for n, to in sorted(needs.items())), asks=tuple(sorted(asks)))
    )
)


def vertices(whole: MergedGraph) -> set[str]:
    return {vertex.name for vertex in whole.arrows}


@given(graphs)
def test_everything_that_is_asked_for_is_shown_and_its_children_once(found: Graph) -> None:
    whole = merged([found])
    down = tree(whole)
    assert {node.name for node in nodes(down)} == vertices(whole)
    expanded = [node.name for node in nodes(down) if node.children]
    assert len(expanded) == len(set(expanded))
    up = inverted(whole, tips(whole))
    assert {node.name for node in nodes(up) if node.kind != "root"} == vertices(whole)


@given(graphs)
def test_every_package_that_is_shown_has_a_reason_that_begins_in_env_toml_and_ends_with_it(found: Graph) -> None:
    whole = merged([found])
    for name in vertices(whole):
        ways = chains([found], name)
        assert ways
        for chain in ways:
            path = [step.name for step in chain.steps]
            assert (path[0], path[-1]) == (chain.root.text, name)
            assert len(path) == len(set(path))
            asked = [found.requires["pip", a] for a in path[:-1]]
            assert all(b in needs for b, needs in zip(path[1:], asked, strict=True))
    assert {node.name for node in nodes(tree_of(whole, whole.arrows))} == vertices(whole)
