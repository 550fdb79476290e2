"""Trees as lines of text."""

import re
from collections.abc import Iterator, Sequence

import click

from envlock.cli.package_text import where
from envlock.errors import escaped
from envlock.model.match_specs import conda_name
from envlock.model.tree import ROOT, Section, TreeNode

REPEATED = "(*)"
# places whose requirements are of pip: `[pip]`, `[groups.conda.pip]`, `[pip] editable ./conda`
_PIP = re.compile(r"\[(?:[^]]*\.)?pip\]")
_DEBIAN = ("[image.debian]", "base")

# a node, is it the last of its row, and what stands before and above it: indent, kind, platforms
_Waiting = tuple[TreeNode, bool, str, str, Sequence[str]]


def section_lines(section: Section, platforms: Sequence[str]) -> Iterator[str]:
    """The place in env.toml, and below it what it asks for; packages alone stand at the margin."""
    if not section.place:
        for node in section.nodes:
            yield _text(node, None, platforms)
            yield from _branches(node.children, "", node.kind, node.platforms)
        return
    yield click.style(escaped(section.place), bold=True)
    kind = "debian" if section.place in _DEBIAN else "pip" if _PIP.match(section.place) else "conda"
    yield from _branches(section.nodes, "", kind, platforms)


def is_repeated(section: Section) -> bool:
    waiting = [*section.nodes]
    for node in waiting:  # grows while it is walked
        waiting += node.children
    return any(node.repeated for node in waiting)


def _branches(nodes: Sequence[TreeNode], indent: str, kind: str, platforms: Sequence[str]) -> Iterator[str]:
    """A line a node, whole subtrees one after the other; they may be deeper than calls can be nested."""
    waiting = [*_row(nodes, indent, kind, platforms)]
    while waiting:
        node, last, before, kind_above, platforms_above = waiting.pop()
        yield f"{before}{'└── ' if last else '├── '}{_text(node, kind_above, platforms_above)}"
        waiting += _row(node.children, before + ("    " if last else "│   "), node.kind, node.platforms)


def _row(nodes: Sequence[TreeNode], indent: str, kind: str, platforms: Sequence[str]) -> Iterator[_Waiting]:
    """What stands below one node, the last first."""
    yield from ((node, node is nodes[-1], indent, kind, platforms) for node in reversed(nodes))


def _text(node: TreeNode, kind_above: str | None, platforms_above: Sequence[str]) -> str:
    """Name and version, and what differs from the line above it: conda or pip, the platforms."""
    on = where(node.platforms, platforms_above)
    platforms = f"[{on}]" if on else ""
    if node.kind == ROOT:
        words = [escaped("; ".join(node.requirements)), _dim(node.name), _dim(platforms)]
    else:
        # those of a distribution in a conda package of another name are said with the requirement
        own = [extra.removeprefix(f"{node.name}[").removesuffix("]") for extra in node.extras]
        extras = f"[{','.join(own)}]" if own and not any("[" in extra for extra in own) else ""
        kind = "" if node.kind == kind_above else node.kind
        asked = _dim(" ".join(escaped(text) for text in _telling(node)))
        words = [f"{escaped(node.name + extras)} {escaped(node.version)}", _dim(kind), asked, _dim(platforms)]
    return "  ".join(word for word in (*words, REPEATED if node.repeated else "") if word)


def _telling(node: TreeNode) -> tuple[str, ...]:
    """Requirements that are of another name: the distribution that a conda package holds."""
    return tuple(text for text in node.requirements if conda_name(text) != node.name)


def _dim(text: str) -> str:
    return click.style(text, dim=True) if text else ""
