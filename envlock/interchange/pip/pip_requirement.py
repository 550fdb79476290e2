"""PEP 508 requirements in one spelling: canonical names, sorted specifiers and extras."""

import re

from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from envlock.interchange.pip.direct import LONGEST, names_a_source, with_name_and_source
from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS

_SHOWN = "expected a requirement such as `flask>=3,<4`"
_CONDA_STYLE = re.compile(r"\s*[A-Za-z0-9._-]+\s*=[^=]")
_OPTION = re.compile(r"\s*-")


def normalized_requirement(text: str) -> str:
    """The requirement as `packaging` writes it; ValueError says what is wrong."""
    if len(text) > LONGEST:
        raise ValueError(f"{_SHOWN}, got {len(text)} characters")
    if _OPTION.match(text):
        raise ValueError(f"{_SHOWN}, got an option: `-e` belongs into `pip.editable`, an index into `pip.indexes`")
    direct = names_a_source(text)
    shown = "" if direct else f", got `{text}`"  # a URL may hold a password
    try:
        requirement = Requirement(with_name_and_source(text) if direct else text)
        requirement.name = canonicalize_name(requirement.name, validate=True)
        requirement.extras = {canonicalize_name(extra, validate=True) for extra in requirement.extras}
    except RecursionError:
        raise ValueError(f"{_SHOWN}: its marker is nested too deeply") from None
    except (InvalidRequirement, InvalidName):
        reason = ": pip compares by `==`" if _CONDA_STYLE.match(text) and not direct else ""
        raise ValueError(f"{_SHOWN}{shown}{reason}") from None
    if not all(specifier.version for specifier in requirement.specifier):  # `===` takes anything, and nothing too
        raise ValueError(f"{_SHOWN}{shown}: no version follows `===`")
    _refuse_marker(requirement, shown)
    return str(requirement)


def normalized_constraint(text: str) -> str:
    """A requirement that limits versions and says no more: no extras, no source."""
    normalized = normalized_requirement(text)
    requirement = Requirement(normalized)
    if requirement.extras or requirement.url:
        what = f"an extra, `{min(requirement.extras)}`," if requirement.extras else "a source"
        raise ValueError(f"expected a limit such as `numpy<2`: {what} belongs into `pip.dependencies`")
    if not requirement.specifier:
        raise ValueError(f"expected a limit such as `numpy<2`, got `{text.strip()}`, which limits nothing")
    return normalized


def _refuse_marker(requirement: Requirement, shown: str) -> None:
    try:
        if requirement.marker:
            requirement.marker.evaluate(PLATFORMS[DEFAULT_PLATFORM].markers("3.12.0"))
    except UndefinedComparison:
        raise ValueError(f"{_SHOWN}{shown}: its marker compares what cannot be compared") from None
