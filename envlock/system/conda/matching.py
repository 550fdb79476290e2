"""Does a conda package satisfy a match spec? In this process: nothing here starts a thread or touches a disk."""

from functools import cache

from rattler import MatchSpec, PackageRecord
from rattler.exceptions import InvalidMatchSpecError
from rattler.package.build_string import BuildString


def matches(spec: str, name: str, version: str, build: str, subdir: str) -> bool:
    """Whether the package satisfies the spec; a spec that cannot be read is satisfied by nothing."""
    parsed = _parsed(_without_channel(spec))
    return parsed is not None and parsed.matches(_record(name, version, build, subdir))


@cache
def _parsed(spec: str) -> MatchSpec | None:
    try:
        return MatchSpec(spec, strict=False)
    except InvalidMatchSpecError:
        return None


@cache
def _record(name: str, version: str, build: str, subdir: str) -> PackageRecord:
    number = build.rpartition("_")[2]
    return PackageRecord(name, version, BuildString(build), int(number) if number.isdigit() else 0, subdir)


def _without_channel(spec: str) -> str:
    # a record made here knows no channel; which one a package came from is held elsewhere
    return spec.rpartition("::")[2]
