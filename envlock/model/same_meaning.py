"""Requirements that ask for the same in other words: `>=1.0` and `>=1`, `~=1.4` and `>=1.4,==1.*`."""

import re
from functools import cache

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_BOUND = re.compile(r"(?P<operator>>=|<=|==|!=|<|>)(?P<numbers>[0-9]+(?:\.[0-9]+)*?)(?:\.0+)*+")
_COMPATIBLE = re.compile(r"~=(?P<start>[0-9]+(?:\.[0-9]+)*)\.[0-9]+")
# `"3.11" > python_version`; `~=` and `in` have no mirror image
_SWAPPED = re.compile(r'(?P<value>"[^"]*") (?P<operator><=|>=|==|!=|<|>) (?P<name>[a-z_]+)')
_MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


@cache
def conda_meaning(spec: str) -> str:
    """A normalised match spec in a form that is the same for all that mean the same by their numbers."""
    head, _, tail = spec.partition(" ")
    bounds, _, build = tail.partition(" ")
    if not bounds or "[" in spec:
        return spec
    groups = sorted(_bounds(group, fuzzy="{}.*") for group in bounds.split("|"))
    return " ".join((head, "|".join(groups), build)).rstrip()


@cache
def pip_meaning(requirement: str) -> str:
    """The same of a PEP 508 requirement."""
    parsed = Requirement(requirement)
    extras = ",".join(sorted(map(canonicalize_name, parsed.extras)))
    bounds = _bounds(str(parsed.specifier), fuzzy="=={}.*")
    return f"{canonicalize_name(parsed.name)}[{extras}]{bounds}@{parsed.url or ''};{_marker(str(parsed.marker or ''))}"


def _marker(text: str) -> str:
    """Variables before what they are compared with; where there are no brackets, without an order."""
    text = _SWAPPED.sub(lambda found: f"{found['name']} {_MIRRORED[found['operator']]} {found['value']}", text)
    if "(" in text:
        return text
    return " or ".join(sorted({" and ".join(sorted(set(all_of.split(" and ")))) for all_of in text.split(" or ")}))


def _bounds(text: str, *, fuzzy: str) -> str:
    """Comparisons without zeros at the end, `~=` as the two that it stands for, each once."""
    return ",".join(sorted({bound for part in text.split(",") for bound in _plain(part, fuzzy)}))


def _plain(bound: str, fuzzy: str) -> tuple[str, ...]:
    found = _COMPATIBLE.fullmatch(bound)
    if found:
        return (*_plain(f">={bound[2:]}", fuzzy), fuzzy.format(found["start"]))
    found = _BOUND.fullmatch(bound)
    return (f"{found['operator']}{found['numbers']}" if found else bound,)
