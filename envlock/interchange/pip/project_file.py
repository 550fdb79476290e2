"""pyproject.toml, read as it stands: what a project requires, without running any of its code."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.interchange.written import Written, text_of
from envlock.model.fields import Document, Item, Table, not_toml
from envlock.system.text_file import display

PROJECT_FILE = "pyproject.toml"
_MOST = 500

# all of these must hold
Markers = frozenset[str]


@dataclass(frozen=True, kw_only=True)
class ProjectFile:
    """The table [project] of a pyproject.toml; what is wrong with it is noted in `document`."""

    path: Path
    document: Document
    name: str
    dependencies: tuple[Item, ...]
    extras: dict[str, tuple[Item, ...]]


def read_project_file(path: Path) -> ProjectFile:
    """ValueError where there is no such file, or no TOML in it."""
    document = _opened(path)
    root = document.root
    if "project" not in root:
        poetry = ("tool", "poetry") if "poetry" in root.table("tool") else ("project",)
        document.refuse(poetry, "there is no table [project], with `name` and `dependencies`, that could be read")
        return ProjectFile(path=path, document=document, name="", dependencies=(), extras={})
    table = root.table("project")
    extras = table.table("optional-dependencies")
    names = extras.names(extra_name)
    document.refuse_twice((Item(extras.at(name), name) for name in names), extra_name)
    _refuse_dynamic(table)
    return ProjectFile(
        path=path,
        document=document,
        name=table.needed("name", extra_name),
        dependencies=table.texts("dependencies", normalized_requirement) or (),
        extras={extra_name(n): extras.texts(n, normalized_requirement) or () for n in names},
    )


def required(project: ProjectFile, extras: Iterable[str]) -> Iterator[Written]:
    """What a project requires with some of its extras, those followed that name others of its own."""
    found: list[tuple[Item, Markers]] = [(item, frozenset()) for item in project.dependencies]
    for extra, markers in _followed(project, extras):
        found += [(item, markers) for item in project.extras.get(extra, ())]
    for item, markers in found:
        requirement = Requirement(item.value)
        if requirement.name != project.name:
            both = sorted(markers | _markers(requirement))
            requirement.marker = Marker(" and ".join(f"({marker})" for marker in both)) if both else None
            yield Written("pip", str(requirement), project.path, project.document.line(item.path))


def _followed(project: ProjectFile, extras: Iterable[str]) -> list[tuple[str, Markers]]:
    """The extras that are asked for and those of the project itself that these ask for, under which markers."""
    followed: list[tuple[str, Markers]] = []
    waiting: list[tuple[str, Markers]] = [(extra, frozenset()) for extra in sorted(extras)]
    waiting += [own for item in project.dependencies for own in _own_extras(project, item, frozenset())]
    while waiting and len(followed) < _MOST:
        extra, markers = waiting.pop(0)
        if any(extra == known and before <= markers for known, before in followed):
            continue  # it applies already, and more widely
        followed.append((extra, markers))
        waiting += [own for item in project.extras.get(extra, ()) for own in _own_extras(project, item, markers)]
    if waiting:
        project.document.refuse(("project", "optional-dependencies"), "the extras name one another too many times")
    return followed


def _own_extras(project: ProjectFile, item: Item, markers: Markers) -> list[tuple[str, Markers]]:
    """The extras of the project itself that a requirement of it asks for."""
    requirement = Requirement(item.value)
    own = sorted(requirement.extras) if requirement.name == project.name else []
    return [(name, markers | _markers(requirement)) for name in own]


def _markers(requirement: Requirement) -> Markers:
    return frozenset([str(requirement.marker)]) if requirement.marker else frozenset()


def missing_extra(project: ProjectFile, extras: Iterable[str]) -> str | None:
    """Which extra a project does not have, in words."""
    unknown = next((extra for extra in sorted(extras) if extra not in project.extras), None)
    names = ", ".join(f"`{name}`" for name in sorted(project.extras)) or "none"
    return None if unknown is None else f"`{display(project.path)}` has no extra `{unknown}`: it has {names}"


def extra_name(text: str) -> str:
    """A project's or an extra's name in canonical form."""
    try:
        return canonicalize_name(text, validate=True)
    except ValueError:
        raise ValueError(f"expected a name such as `acme-train`, got `{text}`") from None


def _opened(path: Path) -> Document:
    text, name = text_of(path), display(path)
    try:
        return Document(name, text, tomllib.loads(text))
    except (ValueError, RecursionError) as error:
        raise ValueError(not_toml(name, text, error).message) from None


def _refuse_dynamic(table: Table) -> None:
    for item in table.texts("dynamic") or ():
        if item.value in ("dependencies", "optional-dependencies"):
            table.document.refuse(
                item.path, f"`{item.value}` are not to be found out without running code: write them here"
            )
