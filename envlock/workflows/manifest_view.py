"""show --manifest: what env.toml and the files that it takes from ask for together, every value with its origin."""

from dataclasses import dataclass
from typing import Any

from envlock.manifest.effective import Effective, effective
from envlock.workflows.project import MANIFEST, Project

_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """One value in effect: `origin` is `FILE:LINE`, the file relative to env.toml, or `default`."""

    key: str
    value: Any
    origin: str


def manifest_view(project: Project) -> tuple[ManifestRow, ...]:
    """Every value in effect, sorted by key; UserInputError where one is wrong."""
    return tuple(ManifestRow(key=one.key, value=one.value, origin=_origin(one)) for one in effective(project.manifest))


def _origin(one: Effective) -> str:
    if one.place is None:
        return _DEFAULT
    return f"{one.place.file or MANIFEST}:{one.place.line}" if one.place.line else one.place.file
