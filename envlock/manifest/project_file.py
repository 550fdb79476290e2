"""pyproject.toml, read as it stands: what a project requires, without running any of its code."""

import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.manifest.pip_requirement import normalized_requirement
from envlock.manifest.written import Written, text_of
from envlock.model.fields import Document, Item, Table, not_toml
from envlock.system.text_file import display

PROJECT_FILE = "pyproject.toml"


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
    _refuse_dynamic(table)
    return ProjectFile(
        path=path,
        document=document,
        name=table.needed("name", extra_name),
        dependencies=table.texts("dependencies", normalized_requirement) or (),
        extras={extra_name(n): extras.texts(n, normalized_requirement) or () for n in extras.names(extra_name)},
    )


def required(project: ProjectFile, extras: Iterable[str]) -> Iterator[Written]:
    """What a project requires with some of its extras, those followed that name others of its own."""
    waiting: list[tuple[str, Marker | None]] = [(extra, None) for extra in sorted(extras)]
    found: list[tuple[Item, Marker | None]] = [(item, None) for item in project.dependencies]
    seen = set[str]()
    while waiting:
        extra, marker = waiting.pop()
        if f"{extra};{marker}" not in seen:
            seen.add(f"{extra};{marker}")
            found += [(item, marker) for item in project.extras.get(extra, ())]
            waiting += _own_extras(project, extra, marker)
    for item, marker in found:
        requirement = _narrowed(item.value, marker)
        if requirement.name != project.name:
            yield Written("pip", str(requirement), project.path, project.document.line(item.path))


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


def _own_extras(project: ProjectFile, extra: str, marker: Marker | None) -> Iterator[tuple[str, Marker | None]]:
    """The extras of the project itself that one of its extras asks for: `all = ["project[a,b]"]`."""
    for item in project.extras.get(extra, ()):
        requirement = _narrowed(item.value, marker)
        if requirement.name == project.name:
            yield from ((name, requirement.marker) for name in sorted(requirement.extras))


def _narrowed(text: str, marker: Marker | None) -> Requirement:
    requirement = Requirement(text)
    if marker and requirement.marker != marker:
        requirement.marker = Marker(f"({requirement.marker}) and ({marker})") if requirement.marker else marker
    return requirement
