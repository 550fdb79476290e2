"""Versions of an environment in git: what they may be called, and the references that they are kept under."""

import re
from dataclasses import dataclass

TAGS = "refs/tags/env/"  # NAME/VERSION
LABELS = "refs/envlock/labels/"  # NAME/LABEL
RUNS = "refs/envlock/runs/"  # YYYY-MM
PRUNED = "refs/envlock/pruned"  # which months' runs the team no longer keeps
PRUNED_HERE = "refs/envlock/pruned-here"  # which this clone does not; never sent
REMOTES = "refs/envlock/remotes/"  # REMOTE/labels/…, REMOTE/runs/…: as they were there when we looked last

MONTH = re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")
LATEST = "latest"
GIT = "git:"
NUMBER = re.compile(r"[0-9]{1,6}")
LOCK = re.compile(r"lock-[0-9a-f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class At:
    """The point of history that an environment's files are of: `version` as it was asked for (`3`, `prod`, `main`),
    the commit in full, and the address of the repository where it is another one."""

    version: str
    commit: str
    origin: str | None = None
