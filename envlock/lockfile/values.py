"""Texts of env.lock that mean something: versions, requirements, file names; what is written in a plain way is seen
to be right without being taken apart."""

import re
from collections.abc import Iterable
from functools import cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.model.debian_relations import NAME, VERSION, relations
from envlock.model.fields import Item, Table, matching

_NAME = "[a-z0-9]+(?:-[a-z0-9]+)*"
_RELEASE = r"[0-9]+(?:\.[0-9]+)*"
_CLAUSE = rf"(?:(?:>=|<=|<|>){_RELEASE}|(?:==|!=){_RELEASE}(?:\.\*)?|~=[0-9]+(?:\.[0-9]+)+)"
_CLAUSES = rf"{_CLAUSE}(?:,{_CLAUSE})*+"
_PLAIN_VERSION = re.compile(_RELEASE)
_PLAIN_SPECIFIERS = re.compile(_CLAUSES)
_PLAIN_REQUIREMENT = re.compile(
    rf'{_NAME}(?:\[{_NAME}(?:,{_NAME})*+\])?+(?:{_CLAUSES})?+(?: ; extra == "{_NAME}")?+', re.ASCII
)
_ONE = rf"{NAME.pattern}(?::[a-z0-9][a-z0-9-]*)?(?: \((?:<<|<=|=|>=|>>) {VERSION.pattern}\))?"
# of Debian's packages
_PLAIN_RELATION = rf"{_ONE}(?: \| {_ONE})*"  # compiled where it is wanted
_TAG = r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*"
_PLAIN_WHEEL = re.compile(rf"(?P<name>[a-z0-9]+(?:_[a-z0-9]+)*)-(?P<version>{_RELEASE})-{_TAG}-{_TAG}-{_TAG}\.whl")

sha256 = matching(r"[0-9a-f]{64}", "64 hex digits")
local_path = matching(r"\.\.?/[^\\]*", "a path relative to env.toml, which begins with `./` or `../`")


def filled(text: str) -> str:
    """A string that says something."""
    if not text.strip():
        raise ValueError("expected a string that is not empty")
    return text


@cache
def version(text: str) -> str:
    """A version of Python's kind."""
    if not _PLAIN_VERSION.fullmatch(text):
        try:
            Version(text)
        except InvalidVersion:
            raise ValueError(f"expected a version (PEP 440), got `{text}`") from None
    return text


@cache
def requirement(text: str) -> str:
    """A requirement of a locked distribution."""
    if not _PLAIN_REQUIREMENT.fullmatch(text):
        try:
            Requirement(text)
        except (InvalidRequirement, RecursionError):
            raise ValueError(f"expected a requirement (PEP 508), got `{text}`") from None
    return text


@cache
def relation(text: str) -> str:
    """A relation between Debian's packages."""
    if not re.fullmatch(_PLAIN_RELATION, text):
        try:
            relations(text)
        except ValueError:
            raise ValueError(f"expected a relation such as `libc6 (>= 2.36)`, got `{text}`") from None
    return text


@cache
def specifiers(text: str) -> str:
    """Limits of versions, as `requires-python` has them."""
    if not _PLAIN_SPECIFIERS.fullmatch(text):
        try:
            SpecifierSet(text)
        except InvalidSpecifier:
            raise ValueError(f"expected version specifiers (PEP 440), got `{text}`") from None
    return text


def is_wheel_of(file: str, name: str, number: str) -> bool:
    """Whether a file's name is that of a wheel of this distribution, given by its canonical name, and version."""
    plain = _PLAIN_WHEEL.fullmatch(file)
    if plain and plain["name"].replace("_", "-") == name and plain["version"] == number:
        return True
    try:
        return parse_wheel_filename(file)[:2] == (name, Version(number))
    except InvalidWheelFilename:
        return False


def sorted_set(items: Iterable[Item] | None) -> tuple[str, ...]:
    """A set of strings, which has no order in a file."""
    return tuple(sorted({item.value for item in items or ()}))


def file_size(table: Table, *, needed: bool = False) -> int | None:
    """A number of bytes; what is wrong is noted in the document."""
    size = table.integer("size")
    if size is not None and size < 0:
        table.refuse("size", f"expected a number of bytes, got {size}")
    if needed and "size" not in table:
        table.refuse("size", "missing")
    return size
