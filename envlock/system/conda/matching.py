"""Does a conda package satisfy a match spec, which version is newer? In this process: nothing here starts a thread or
touches a disk."""

import re
from functools import cache

from rattler import MatchSpec, PackageRecord, Version
from rattler.exceptions import InvalidMatchSpecError, InvalidVersionError
from rattler.package.build_string import BuildString

_NUMBER = r"""\s*build_number\s*=\s*(?:'[^']*'|"[^"]*"|[^\s,\]]+)\s*"""
_BUILD_NUMBER = re.compile(rf"(?<=\[){_NUMBER},?|,{_NUMBER}")


def matches(spec: str, name: str, version: str, build: str, subdir: str) -> bool:
    """Whether the package satisfies the spec; a spec that cannot be read is satisfied by nothing."""
    parsed = _parsed(_of_what_is_locked(spec))
    # py-rattler leaves the folder of a channel to the solver
    return (
        parsed is not None and parsed.subdir in (None, subdir) and parsed.matches(_record(name, version, build, subdir))
    )


def order(one: str, other: str) -> int | None:
    """Above 0 where version `one` is the newer of two, below 0 where `other` is; None where one is no version."""
    try:
        a, b = Version(one), Version(other)
    except InvalidVersionError:
        return None
    return (a > b) - (a < b)


@cache
def _parsed(spec: str) -> MatchSpec | None:
    try:
        return MatchSpec(spec, strict=False)
    except InvalidMatchSpecError:
        return None


@cache
def _record(name: str, version: str, build: str, subdir: str) -> PackageRecord:
    return PackageRecord(name, version, BuildString(build), 0, subdir)


def _of_what_is_locked(spec: str) -> str:
    # a record made here knows no channel, and no build number: a build string need not end in it
    return _BUILD_NUMBER.sub("", spec.rpartition("::")[2])
