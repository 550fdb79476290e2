"""What a project says of itself without being built: PKG-INFO of an sdist, or `[project]` of its pyproject.toml."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envlock.errors import OutsideError
from envlock.model.metadata_fields import metadata_fields
from envlock.model.wheel_metadata import WheelMetadata, read_metadata

# since this version what is not called dynamic is the same in every wheel that is built (PEP 643)
_STATIC_SINCE = (2, 2)
_READ = {"version", "requires-dist", "requires-python", "provides-extra"}
_OF_PROJECT = {"version", "dependencies", "optional-dependencies", "requires-python"}


def static_metadata(folder: Path) -> WheelMetadata | None:
    """What is said of every wheel that can be built of a project; None where only building tells."""
    return _of_sdist(folder / "PKG-INFO") or _of_project(folder / "pyproject.toml")


def _of_sdist(path: Path) -> WheelMetadata | None:
    try:
        content = path.read_bytes()
    except OSError:
        return None
    fields = metadata_fields(content)
    major, _, minor = (*fields.get("metadata-version", ()), "0.0")[0].strip().partition(".")
    if not (major.isdecimal() and minor.isdecimal()) or (int(major), int(minor)) < _STATIC_SINCE:
        return None
    if _READ & {field.strip().lower() for field in fields.get("dynamic", ())}:
        return None
    try:
        return read_metadata(content)
    except OutsideError:
        return None


def _of_project(path: Path) -> WheelMetadata | None:
    try:
        project: dict[str, Any] = tomllib.loads(path.read_text())["project"]
        if _OF_PROJECT & set(project.get("dynamic", ())):
            return None
        return WheelMetadata(
            name=canonicalize_name(project["name"]),
            version=str(Version(project["version"])),
            requires_dist=(*project.get("dependencies", ()), *_of_extras(project)),
            requires_python=project.get("requires-python"),
            provides_extra=tuple(project.get("optional-dependencies", ())),
        )
    except (OSError, ValueError, LookupError, TypeError, AttributeError, InvalidVersion, InvalidRequirement):
        return None  # whoever builds it will say what is wrong


def _of_extras(project: dict[str, Any]) -> Iterator[str]:
    for extra, needs in project.get("optional-dependencies", {}).items():
        for need in map(Requirement, needs):
            own = f"({need.marker}) and " if need.marker else ""
            need.marker = Marker(f'{own}extra == "{canonicalize_name(extra)}"')
            yield str(need)


def build_requires(folder: Path) -> frozenset[str]:
    """What a project says that building it needs; setuptools, where it says nothing (PEP 517, PEP 518)."""
    try:
        needs = tomllib.loads((folder / "pyproject.toml").read_text())["build-system"]["requires"]
        return frozenset(str(Requirement(need)) for need in needs)
    except (OSError, ValueError, LookupError, TypeError, InvalidRequirement):
        return frozenset({"setuptools>=40.8.0"})
