"""Requirements that name their own source, `name @ SOURCE`, and whether a locked package is from there."""

import re
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.lock import PipPackage

_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def is_path(source: str) -> bool:
    """Whether a source is a path relative to env.toml."""
    return source.startswith(("./", "../"))


def is_from(package: PipPackage, source: str) -> bool:
    """Whether a locked package is from a source as env.toml gives it: a path, a URL, `git+URL@REVISION`."""
    if source.startswith("git+"):
        return _is_from_git(package, source)
    return source in (package.path, package.url)


def _is_from_git(package: PipPackage, source: str) -> bool:
    address, _, folder = source.partition("#subdirectory=")
    revision = address.partition("://")[2].rpartition("@")[2]
    moved = _COMMIT.fullmatch(revision) and revision != package.commit
    return package.git == address and (package.subdirectory or "") == folder and not moved


def sources(requirements: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The distributions that requirements give a source for, by canonical name, and that source."""
    for name, text in source_texts(requirements).items():
        yield name, str(Requirement(text).url)


def source_texts(requirements: Iterable[str]) -> dict[str, str]:
    """The requirements that give a source, by the distribution's canonical name."""
    return {canonicalize_name(Requirement(text).name): text for text in requirements if " @ " in text}
