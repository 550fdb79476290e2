"""PEP 508 requirements in one spelling: canonical names, sorted specifiers and extras."""

import re

from packaging.markers import UndefinedComparison
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name

from envlock.model.platform import DEFAULT_PLATFORM, PLATFORMS

_SHOWN = "expected a requirement such as `flask>=3,<4`"
_DIRECT = re.compile(r"://|^\s*(?:\.{0,2}/|-)|^[^;]*@|\.whl\s*$", re.IGNORECASE)
_CONDA_STYLE = re.compile(r"\s*[A-Za-z0-9._-]+\s*=[^=]")


def normalized_requirement(text: str) -> str:
    """The requirement as `packaging` writes it; ValueError says what is wrong."""
    if _DIRECT.search(text):
        # not shown: a URL may hold a password
        raise ValueError("paths, URLs and options are not supported by this version of envlock: name a package")
    try:
        requirement = Requirement(text)
        requirement.name = canonicalize_name(requirement.name, validate=True)
        requirement.extras = {canonicalize_name(extra, validate=True) for extra in requirement.extras}
    except (InvalidRequirement, InvalidName):
        reason = ": pip compares by `==`" if _CONDA_STYLE.match(text) else ""
        raise ValueError(f"{_SHOWN}, got `{text}`{reason}") from None
    _refuse_marker(requirement, text)
    return str(requirement)


def _refuse_marker(requirement: Requirement, text: str) -> None:
    try:
        if requirement.marker:
            requirement.marker.evaluate(PLATFORMS[DEFAULT_PLATFORM].markers("3.12.0"))
    except UndefinedComparison:
        raise ValueError(f"{_SHOWN}, got `{text}`: its marker compares what cannot be compared") from None
