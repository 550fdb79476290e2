"""Versions of Python's kind and limits to them (PEP 440): plain ones by their numbers, all others by `packaging`."""

import re
from functools import cache
from typing import NamedTuple

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

_RELEASE = re.compile(r"[0-9]+(?:\.[0-9]+)*")
_CLAUSE = r"(?:(?:>=|<=|<|>)[0-9]+(?:\.[0-9]+)*|(?:==|!=)[0-9]+(?:\.[0-9]+)*(?:\.\*)?|~=[0-9]+(?:\.[0-9]+)+)"
_CLAUSES = re.compile(rf"{_CLAUSE}(?:,{_CLAUSE})*+")
_PARTS = re.compile(r"([<>=!~]+)([0-9.]+?)(\.\*)?(?:,|$)")

Release = tuple[int, ...]


class Clause(NamedTuple):
    """One comparison; `fuzzy` where it ends in `.*`."""

    operator: str
    release: Release
    fuzzy: bool


@cache
def is_within(version: str, limits: str) -> bool:
    """Whether a version keeps to limits such as ">=1.2,<2", pre-releases too; what is no version keeps to any.

    conda's versions need not be of Python's kind: there is nothing to hold the limits against.
    """
    clauses, release = plain_clauses(limits), plain_release(version)
    if clauses is not None and release is not None:
        return all(_holds(clause, release) for clause in clauses)
    try:
        return SpecifierSet(limits).contains(Version(version), prereleases=True)
    except InvalidVersion:
        return True


@cache
def plain_release(version: str) -> Release | None:
    """The numbers of a version that consists of nothing else."""
    return tuple(map(int, version.split("."))) if _RELEASE.fullmatch(version) else None


@cache
def plain_clauses(limits: str) -> tuple[Clause, ...] | None:
    """The comparisons, where all of them are with plain versions."""
    if not limits:
        return ()
    if not _CLAUSES.fullmatch(limits):
        return None
    return tuple(Clause(op, tuple(map(int, text.split("."))), bool(star)) for op, text, star in _PARTS.findall(limits))


def stripped(release: Release) -> Release:
    """Without zeros at the end, which tell nothing: 1.0 is 1."""
    end = len(release)
    while end and not release[end - 1]:
        end -= 1
    return release[:end]


def begins_with(release: Release, start: Release) -> bool:
    """Whether a version is one of `start.*`, as if it went on with zeros."""
    return (release + (0,) * len(start))[: len(start)] == start


def _holds(clause: Clause, release: Release) -> bool:
    operator, bound, fuzzy = clause
    if operator in ("==", "!="):
        same = begins_with(release, bound) if fuzzy else stripped(release) == stripped(bound)
        return same == (operator == "==")
    if operator == "~=":
        return begins_with(release, bound[:-1]) and stripped(release) >= stripped(bound)
    return compared(operator, stripped(release), stripped(bound))


def compared(operator: str, one: Release, other: Release) -> bool:
    """`one >= other` and so on, both without zeros at the end."""
    match operator:
        case ">=":
            return one >= other
        case "<=":
            return one <= other
        case "<":
            return one < other
        case _:
            return one > other
