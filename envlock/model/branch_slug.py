"""Tags of images that are made from what people call branches and versions: no two names share one.

A name that may stand in a tag stays as it is. Any other is told by what is left of it, `--`, and a hash of the whole:
in no name that stays as it is are two `-` side by side.
"""

import hashlib
import re

_MOST = 80  # characters of a name that stays, and of what is left of one that does not: a tag has at most 128
_DIGITS = 12
_BRANCH = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_VERSION = re.compile(r"[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*")
_STRANGE = re.compile(r"[^a-z0-9._]+")


def branch_tag(branch: str) -> str:
    """The tag that moves with a branch."""
    return f"branch-{branch_slug(branch)}"


def branch_slug(branch: str) -> str:
    """A branch as a part of a tag: `main` is itself, `Fix/Ünï` is `fix-n--` and a hash."""
    return branch if _stays(_BRANCH, branch) else _hashed(branch)


def commit_tag(commit: str) -> str:
    """The tag of a commit, by its full id."""
    return f"sha-{commit}"


def version_tag(version: str) -> str:
    """The tag of a registered version, which never moves: `v3`, `v1.2.0`."""
    return f"v{version if _stays(_VERSION, version) else _hashed(version)}"


def _stays(pattern: re.Pattern[str], name: str) -> bool:
    return len(name) <= _MOST and pattern.fullmatch(name) is not None


def _hashed(name: str) -> str:
    # of names that are no text in git, each has its own bytes
    digits = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGITS]
    return f"{_STRANGE.sub('-', name.lower())[:_MOST].strip('-')}--{digits}"
