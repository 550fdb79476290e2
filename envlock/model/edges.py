"""The edges within a locked platform: every requirement against the version that is locked, every package asked for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.model.lock import CondaPackage, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, System
from envlock.model.problem import Problem
from envlock.model.requirements import applies
from envlock.model.spec import EnvSpec
from envlock.model.tags import wheel_tags

# (match spec, package) -> does the package satisfy it?
CondaMatcher = Callable[[str, CondaPackage], bool]


def broken_edges(spec: EnvSpec, locked: PlatformLock, conda_matches: CondaMatcher) -> Iterator[Problem]:
    """What is asked for and not met, locked and not asked for, or cannot run where it is locked for."""
    yield from _conda_edges(spec, locked, conda_matches)
    yield from _pip_edges(spec, locked)
    yield from _twice(locked)
    if locked.pip and locked.python:
        yield from _wheels(locked, spec.system(locked.platform))


def _conda_edges(spec: EnvSpec, locked: PlatformLock, matches: CondaMatcher) -> Iterator[Problem]:
    by_name = {p.name: p for p in locked.conda}
    edges: list[tuple[str, str | None]] = [(root, None) for root in spec.conda_roots()]
    edges += [(need, p.name) for p in locked.conda for need in p.requires]
    reached = set()
    for need, asker in edges:
        name = conda_name(need)
        if name.startswith("__"):
            continue  # a virtual package: the declared system, held when it was solved
        reached.add(name)
        yield from _edge(need, by_name.get(name), asker, locked.platform, matches)
    for package in locked.conda:
        for limit in package.constrains:
            other = by_name.get(conda_name(limit))
            if other and not matches(limit, other):
                yield _unmet(limit, f"{other.version} is locked", package.name, locked.platform)
        if package.name not in reached:
            yield _unasked(package.name, locked.platform)


def _edge(
    need: str, package: CondaPackage | None, asker: str | None, platform: str, matches: CondaMatcher
) -> Iterator[Problem]:
    if package is None:
        yield _unmet(need, "nothing of that name is locked", asker, platform)
    elif not matches(need, package):
        yield _unmet(need, f"{package.version} {package.build} is locked", asker, platform)


def _pip_edges(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    available = _available(locked)
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    roots = [r for r in spec.pip.dependencies if applies(Requirement(r).marker, environment)]
    edges: list[tuple[str, str | None]] = [(root, None) for root in roots]
    edges += [(need, p.name) for p in locked.pip for need in p.requires]
    reached = set()
    for need, asker in edges:
        requirement = Requirement(need)
        name = canonicalize_name(requirement.name)
        reached.add(name)
        reason = _pip_reason(requirement, available.get(name))
        if reason:
            yield _unmet(need, reason, asker, locked.platform)
    for package in locked.pip:
        if package.name not in reached:
            yield _unasked(package.name, locked.platform)


def _twice(locked: PlatformLock) -> Iterator[Problem]:
    """Distributions in wheels that a conda package brings too: in a prefix one would overwrite the other."""
    provided = {text.partition("==")[0]: package.name for package in locked.conda for text in package.provides}
    for package in locked.pip:
        if package.name in provided:
            yield Problem(
                kind="twice",
                subject=package.name,
                platform=locked.platform,
                message=f"`{package.name}` is locked twice: as a wheel, and inside conda's `{provided[package.name]}`",
            )


@dataclass(frozen=True, slots=True)
class _Available:
    version: str
    extras: frozenset[str] | None  # None: from conda, where extras are not recorded


def _available(locked: PlatformLock) -> dict[str, _Available]:
    provided = (text.split("==", 1) for p in locked.conda for text in p.provides)
    found = {str(canonicalize_name(name)): _Available(version, None) for name, version in provided}
    found |= {p.name: _Available(p.version, frozenset(p.extras)) for p in locked.pip}
    return found


def _pip_reason(requirement: Requirement, found: _Available | None) -> str | None:
    if found is None:
        return "nothing of that name is locked"
    try:
        version = Version(found.version)
    except InvalidVersion:
        return None  # conda versions need not be PEP 440: nothing to hold the requirement against
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{found.version} is locked"
    missing = set(map(canonicalize_name, requirement.extras)) - (found.extras or set())
    if found.extras is not None and missing:
        return f"{found.version} is locked without extra `{min(missing)}`"
    return None


def _wheels(locked: PlatformLock, system: System) -> Iterator[Problem]:
    assert locked.python
    tags = frozenset(wheel_tags(locked.python, PLATFORMS[locked.platform], system))
    for package in locked.pip:
        if not _fits(package, tags):
            yield Problem(
                kind="wheel",
                subject=package.name,
                platform=locked.platform,
                message=f"`{package.file}` does not fit Python {locked.python} and glibc {system.glibc}",
            )
        if package.requires_python and not SpecifierSet(package.requires_python).contains(locked.python, True):
            yield _unmet(
                f"python {package.requires_python}",
                f"{locked.python} is locked",
                package.name,
                locked.platform,
            )


def _fits(package: PipPackage, tags: frozenset[Tag]) -> bool:
    try:
        return not parse_wheel_filename(package.file)[3].isdisjoint(tags)
    except InvalidWheelFilename:
        return False


def conda_name(spec: str) -> str:
    """The package name of a match spec: "conda-forge::numpy >=1" -> "numpy"."""
    text = spec.rpartition("::")[2].strip()
    end = next((i for i, c in enumerate(text) if c in " <>=!~[@"), len(text))
    return text[:end].lower()


def _unmet(need: str, reason: str, asker: str | None, platform: str) -> Problem:
    by = f" (asked for by `{asker}`)" if asker else ""
    return Problem(
        kind="unmet",
        subject=None if asker else need,
        platform=platform,
        message=f"`{need}` is not met{by}: {reason}",
    )


def _unasked(name: str, platform: str) -> Problem:
    return Problem(
        kind="unasked", subject=name, platform=platform, message=f"`{name}` is locked but nothing asks for it"
    )
