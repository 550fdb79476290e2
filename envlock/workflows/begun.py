"""Solvers that are at work, or ready for it, before they are needed."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envlock.solvers.uv_run import UvRun
from envlock.system.conda.child import Child


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """By platform what uv was asked, on the guess that Python will be the same; and a child that is ready to solve."""

    wheels: Mapping[str, UvRun] = field(default_factory=dict)
    conda: Child | None = None


NOTHING = Begun()
