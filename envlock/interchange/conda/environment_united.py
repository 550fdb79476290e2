"""Requirements of one name as one: env.toml asks for a package once."""

import re
from itertools import product

from packaging.requirements import Requirement

from envlock.interchange.conda.conda_spec import normalized_spec
from envlock.interchange.pip.pip_requirement import normalized_requirement
from envlock.model.match_specs import conda_name

_MOST = 32
_NAME_END = re.compile(r"[^a-z0-9-]")


def conda_identity(spec: str) -> tuple[str, str]:
    return spec.rpartition("::")[0], conda_name(spec)


def pip_identity(requirement: str) -> tuple[str, str]:
    """The name and the marker of a normalised requirement."""
    wanted, _, marker = requirement.partition(";")
    return _NAME_END.split(wanted, maxsplit=1)[0], marker.strip()


def both_specs(one: str, other: str) -> str:
    """A match spec that holds where both do, which ask for the same name; ValueError where none can say that."""
    if one == other:
        return one
    head, _, limits = one.partition(" ")
    _, _, others = other.partition(" ")
    if (not limits or not others) and "[" not in one + other:
        return one if limits else other
    if " " in limits + others or "[" in one + other:
        raise ValueError(f"it is asked for as `{one}` as well, and the two cannot be one")
    pairs = list(product(limits.split("|"), others.split("|")))
    if len(pairs) > _MOST:
        raise ValueError(f"it is asked for as `{one}` as well, and both together are too long")
    return normalized_spec(f"{head} " + "|".join(f"{left},{right}" for left, right in pairs))


def both_requirements(one: str, other: str) -> str:
    """A requirement that holds where both do, which have the same name and marker; ValueError where none can."""
    left, right = Requirement(one), Requirement(other)
    if left.url != right.url:
        raise ValueError(f"it is asked for as `{one}` as well")
    left.specifier &= right.specifier
    left.extras |= right.extras
    return normalized_requirement(str(left))
