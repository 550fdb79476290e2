"""Requirements that name their own source, `name @ SOURCE`, and whether a locked package is from there."""

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.lock import PipPackage

_GIT = re.compile(r"(?:git\+)?(?P<url>.+?)(?:@(?P<revision>[^@/:]+(?:/[^@:]+)?))?(?:#subdirectory=(?P<folder>.+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_from(package: PipPackage, source: str) -> bool:
    """Whether a locked package is from a source as env.toml gives it: a path, a URL, `git+URL@REVISION`."""
    if source.startswith("git+"):
        return _is_from_git(package, source)
    if source.startswith("."):
        return package.path is not None and package.path.rstrip("/") == source.rstrip("/")
    return package.url == source


def _is_from_git(package: PipPackage, source: str) -> bool:
    asked = _GIT.fullmatch(source)
    found = _GIT.fullmatch(package.git) if package.git else None
    if not asked or not found or asked["url"].rstrip("/") != found["url"].rstrip("/"):
        return False
    revision = asked["revision"]
    moved = revision is not None and _COMMIT.fullmatch(revision) and revision != package.commit
    return not moved and asked["folder"] == (package.subdirectory or found["folder"])


def sources(requirements: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The distributions that requirements give a source for, by canonical name, and that source."""
    for text in requirements:
        if " @ " in text:
            requirement = Requirement(text)
            if requirement.url:
                yield canonicalize_name(requirement.name), requirement.url
