"""conda's match specs, as far as numbers tell whether they are met; what is less plain is left to a solver's library.

Nearly all requirements of conda packages are of this kind: `numpy >=1.22,<2.0a0`, `python_abi 3.11.* *_cp311`.
"""

import re
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from envlock.model.limits import Clause, begins_with, compared, plain_release, stripped

_NUMBERS = r"[0-9]+(?:\.[0-9]+)*"
_CLAUSE = rf"(?:(?:>=|<){_NUMBERS}(?:\.?0?a0)?|(?:<=|>|==|!=){_NUMBERS}|{_NUMBERS}\.\*)"
_BARE = rf"(?:{_CLAUSE}(?:,{_CLAUSE})*+|\*)"
_SPEC = re.compile(
    rf"[a-z0-9_][a-z0-9_.-]*(?: (?P<clauses>{_BARE})(?: (?P<build>[A-Za-z0-9_.*]+))?| (?P<exact>{_NUMBERS}) "
    r"(?P<its_build>[A-Za-z0-9_.*]+))?"
)
_PARTS = re.compile(rf"(>=|<=|==|!=|<|>|)({_NUMBERS})(\.\*|\.?0?a0|)(?:,|$)")


class _Limits(NamedTuple):
    clauses: tuple[Clause, ...]
    build: str | None


@cache
def plainly_met(spec: str, version: str, build: str) -> bool | None:
    """Whether a package meets a match spec without channel or brackets; None where that is not plain to see."""
    limits, release = _limits(spec), plain_release(version)
    if limits is None or release is None:
        return None
    right_build = limits.build is None or fnmatchcase(build, limits.build)
    return right_build and all(_holds(clause, release) for clause in limits.clauses)


@cache
def _limits(spec: str) -> _Limits | None:
    found = _SPEC.fullmatch(spec)
    if not found:
        return None
    if found["exact"]:
        return _Limits((Clause("==", _release(found["exact"]), False),), found["its_build"])
    clauses = (
        tuple(_clause(*parts) for parts in _PARTS.findall(found["clauses"] or "")) if found["clauses"] != "*" else ()
    )
    return _Limits(clauses, found["build"])


def _clause(operator: str, numbers: str, end: str) -> Clause:
    # before every version of numbers alone that is as great: `<2.0a0` is `<2`, `>=2.0a0` is `>=2`
    return Clause(operator or "==", _release(numbers), end == ".*")


def _release(numbers: str) -> tuple[int, ...]:
    return tuple(map(int, numbers.split(".")))


def _holds(clause: Clause, release: tuple[int, ...]) -> bool:
    operator, bound, fuzzy = clause
    if operator in ("==", "!="):
        same = begins_with(release, bound) if fuzzy else stripped(release) == stripped(bound)
        return same == (operator == "==")
    return compared(operator, stripped(release), stripped(bound))
