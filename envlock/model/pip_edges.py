"""The edges between wheels: every requirement, the names that conda brings too, and where each wheel can run."""

from collections.abc import Iterator
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.model.conda_extras import read_extra
from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, System
from envlock.model.problem import Problem, unasked, unmet
from envlock.model.reach import unreached
from envlock.model.requirements import applies
from envlock.model.spec import EnvSpec
from envlock.model.tags import wheel_tags


def pip_edges(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """What is wrong between env.toml, the wheels, and the distributions and the Python that they stand on."""
    yield from _requirements(spec, locked)
    yield from _twice(locked)
    if locked.pip and locked.python:
        yield from _wheels(locked, spec.system(locked.platform))


def _requirements(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    available = _available(locked)
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    roots = [r for r in spec.all_wants(locked.platform).pip if applies(Requirement(r).marker, environment)]
    edges: list[tuple[str, str | None]] = [(root, None) for root in roots]
    edges += [(need, p.name) for p in locked.pip for need in p.requires]
    brought = [(each.need, p.name) for p in locked.conda for each in map(read_extra, p.extras) if each.need]
    for need, asker in [*edges, *brought]:
        requirement = Requirement(need)
        reason = _reason(requirement, available.get(canonicalize_name(requirement.name)))
        if reason:
            yield unmet(need, reason, asker, locked.platform)
    needs = {p.name: [_name(need) for need in p.requires] for p in locked.pip}
    yield from (unasked(name, locked.platform) for name in unreached(map(_name, [*roots, *(need for need, _ in brought)]), needs))


def _name(requirement: str) -> str:
    return canonicalize_name(Requirement(requirement).name)


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
    extras: frozenset[str]


def _available(locked: PlatformLock) -> dict[str, _Available]:
    extras: dict[str, set[str]] = {}
    for each in (read_extra(text) for p in locked.conda for text in p.extras):
        extras.setdefault(each.distribution, set()).add(each.extra)
    provided = (text.split("==", 1) for p in locked.conda for text in p.provides)
    found = {name: _Available(version, frozenset(extras.get(name, ()))) for name, version in provided}
    found |= {p.name: _Available(p.version, frozenset(p.extras)) for p in locked.pip}
    return found


def _reason(requirement: Requirement, found: _Available | None) -> str | None:
    if found is None:
        return "nothing of that name is locked"
    try:
        version = Version(found.version)
    except InvalidVersion:
        return None  # conda versions need not be PEP 440: nothing to hold the requirement against
    if not requirement.specifier.contains(version, prereleases=True):
        return f"{found.version} is locked"
    missing = set(map(canonicalize_name, requirement.extras)) - found.extras
    if missing:
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
            need = f"python {package.requires_python}"
            yield unmet(need, f"{locked.python} is locked", package.name, locked.platform)


def _fits(package: PipPackage, tags: frozenset[Tag]) -> bool:
    try:
        return not parse_wheel_filename(package.file)[3].isdisjoint(tags)
    except InvalidWheelFilename:
        return False
