"""What a wheel says of itself in METADATA, as far as resolving and checking need it."""

from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from envlock.errors import OutsideError
from envlock.model.metadata_fields import metadata_fields


@dataclass(frozen=True, slots=True, kw_only=True)
class WheelMetadata:
    """`name` and `version` are normalised; the other fields stand as the file has them, valid or not."""

    name: str
    version: str
    requires_dist: tuple[str, ...] = ()
    requires_python: str | None = None
    provides_extra: tuple[str, ...] = ()


def read_needs(data: bytes) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of METADATA what is required, and which extras there are; whatever its version is."""
    fields = metadata_fields(data)
    return (
        tuple(" ".join(line.split()) for line in fields.get("requires-dist", ())),
        tuple(extra.strip() for extra in fields.get("provides-extra", ())),
    )


def read_metadata(data: bytes) -> WheelMetadata:
    """Reads METADATA; OutsideError where it names no distribution or no version.

    As lenient as package indexes are: a field that breaks its rules, or one that is unknown, is no reason to
    refuse a wheel that installs everywhere.
    """
    fields = metadata_fields(data)
    name = _only(fields.get("name", []))
    if not name:
        raise OutsideError("METADATA names no distribution")
    requires_dist, provides_extra = read_needs(data)
    return WheelMetadata(
        name=canonicalize_name(name),
        version=_version(_only(fields.get("version", []))),
        requires_dist=requires_dist,
        requires_python=_specifiers(_only(fields.get("requires-python", []))),
        provides_extra=provides_extra,
    )


def _only(values: list[str]) -> str:
    """What is said once; "" where it is not said, or twice."""
    return values[0].strip() if len(values) == 1 else ""


def _specifiers(text: str) -> str | None:
    """Limits of Python as they stand, or None for none: ones that nobody can read limit nothing, as for installers."""
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return None
    return text.strip() or None


def _version(text: str) -> str:
    try:
        return str(Version(text))
    except InvalidVersion:
        raise OutsideError(f"METADATA names no valid version: `{text}`") from None
