"""Dependencies as people write them: which kind they are, and what becomes of those that are there already."""

import re
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.requirements import Requirement

from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.pip.direct import names_a_source
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.manifest.debian import package_name
from envlock.model.debian_relations import plain_requirement
from envlock.model.match_specs import conda_name

CONDA, PIP, DEBIAN = "conda", "pip", "debian"
_READERS: dict[str, Callable[[str], str]] = {
    CONDA: normalized_spec,
    PIP: normalized_requirement,
    DEBIAN: plain_requirement,
}
_CHANNEL = re.compile(r"\s*[A-Za-z0-9._/-]+::")


def kinds_of(text: str, among: Sequence[str] = (CONDA, PIP)) -> tuple[str, ...]:
    """The tables, `among` those that are meant, that such a text can stand in; ValueError where it can in none."""
    if _CHANNEL.match(text):
        normalized_spec(text)
        return (CONDA,)
    if names_a_source(text):
        normalized_requirement(text)
        return (PIP,)
    refusals = {kind: _refusal(kind, text) for kind in among}
    able = tuple(kind for kind, refusal in refusals.items() if refusal is None)
    if not able:
        raise ValueError(f"neither a match spec nor a requirement: {refusals[CONDA]}")
    return able


def _refusal(kind: str, text: str) -> str | None:
    try:
        _READERS[kind](text)
    except ValueError as error:
        return str(error)
    return None


def read_dependency(kind: str, text: str) -> str:
    """The dependency in one spelling; ValueError says what is wrong."""
    return _READERS[kind](text)


def name_of(kind: str, text: str) -> str:
    """The name, in one spelling, of what is a dependency of its kind."""
    if kind == CONDA:
        return conda_name(text)
    return package_name(text) if kind == DEBIAN else Requirement(normalized_requirement(text)).name


def is_bare(kind: str, text: str) -> bool:
    """Does it say nothing about versions, and not where its package is?"""
    if kind == CONDA:
        return normalized_spec(text).rpartition("::")[2] == conda_name(text)
    if kind == DEBIAN:
        return plain_requirement(text) == package_name(text)
    requirement = Requirement(normalized_requirement(text))
    return not requirement.url and not requirement.specifier


def bounded(kind: str, text: str, bound: str) -> str:
    """A bare dependency with a bound: `numpy` and `>=2,<3` as `numpy >=2,<3`, `flask[async]` as `flask[async]>=3`."""
    if kind == CONDA:
        return f"{text.strip()} {bound}"
    head, semicolon, marker = text.strip().partition(";")
    return f"{head.rstrip()}{bound}" + (f"; {marker.strip()}" if semicolon else "")


def united(kind: str, old: str, new: str) -> str:
    """What is to stand where `old` stands: versions, a source and a marker are those of `new` where it has any.

    Extras of both are kept.
    """
    if kind == DEBIAN:
        return old if is_bare(DEBIAN, new) else new
    return _united_specs(old, new) if kind == CONDA else _united_requirements(old, new)


def _united_specs(old: str, new: str) -> str:
    if not is_bare(CONDA, new):
        return new
    channel, has_channel, _ = new.strip().rpartition("::")
    return f"{channel}::{old.rpartition('::')[2].strip()}" if has_channel else old


def _united_requirements(old: str, new: str) -> str:
    was, given = Requirement(normalized_requirement(old)), Requirement(normalized_requirement(new))
    extras, marker = was.extras | given.extras, given.marker or was.marker
    if is_bare(PIP, new):
        if extras == was.extras and str(marker) == str(was.marker):
            return old
        given.specifier, given.url = was.specifier, was.url
    elif extras == given.extras and str(marker) == str(given.marker):
        return new
    given.extras, given.marker = extras, marker
    return str(given)


def project_name(folder: Path) -> str:
    """The name that a project's pyproject.toml gives; empty where it gives none."""
    try:
        return str(tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def place_in_order(names: Sequence[str], name: str) -> int:
    """Where a name belongs in a list: by the alphabet where the list is in order, else at its end."""
    if list(names) != sorted(names):
        return len(names)
    return sum(other <= name for other in names)
