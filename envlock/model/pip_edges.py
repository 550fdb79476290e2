"""The edges between distributions: every requirement, and the names that conda brings too."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.direct import is_from
from envlock.model.limits import is_within
from envlock.model.lock import PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS
from envlock.model.problem import Problem, least, opposed, unmet
from envlock.model.requirements import applies
from envlock.model.spec import EnvSpec
from envlock.model.wheel_fit import unfit_wheels

_PLAIN = re.compile(
    r"(?P<name>[a-z0-9]+(?:-[a-z0-9]+)*+)(?P<limits>[<>=!~][^;@\[\] ]*+)?(?: ; extra == \"(?P<when>[a-z0-9-]+)\")?"
)


def pip_edges(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """What is wrong between env.toml, the wheels, and the distributions and the Python that they stand on."""
    yield from _requirements(spec, locked)
    yield from _twice(spec, locked)
    yield from unfit_wheels(locked, spec.system(locked.platform))
    yield from _pythons(locked)


class Edge(NamedTuple):
    """A requirement, taken apart: of whom, within which limits, and the extra of its asker's that brings it."""

    name: str
    limits: str = ""
    extras: frozenset[str] = frozenset()
    when: str | None = None
    source: str | None = None


@cache
def edge(text: str) -> Edge:
    """Reads a requirement of env.toml, its marker left aside, or of a locked distribution."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Edge(plain["name"], plain["limits"] or "", when=plain["when"])
    requirement = Requirement(text)
    found = re.search(r"; extra == \"([^\"]+)\"$", text)
    return Edge(
        canonicalize_name(requirement.name),
        str(requirement.specifier),
        frozenset(map(canonicalize_name, requirement.extras)),
        found[1] if found else None,
        requirement.url,
    )


def _requirements(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    available = _available(spec, locked)
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    wanted = spec.all_wants(locked.platform).pip
    roots = {r: edge(r) for r in wanted if ";" not in r or applies(Requirement(r).marker, environment)}
    for text, root in roots.items():
        reason = _reason(root, available.get(root.name))
        if reason:
            yield unmet(text, reason, None, locked.platform)
    for text, asker in _needs(locked.pip):
        need = edge(text)
        reason = _reason(need, available.get(need.name))
        if reason:
            yield unmet(text, opposed(reason, _opponent(need, text, roots)), asker, locked.platform)


def _opponent(need: Edge, text: str, roots: Mapping[str, Edge]) -> str | None:
    """The requirement of env.toml, if there is one, that no version can meet beside this one."""
    same = [(other, root.limits) for other, root in roots.items() if root.name == need.name]
    return next((t for t, limits in same for version in least(text) if not is_within(version, limits)), None)


def _needs(packages: Iterable[PipPackage]) -> Iterator[tuple[str, str]]:
    """Every requirement of the packages, as far as it is asked for, and whose it is."""
    for package in packages:
        for text in package.requires:
            when = edge(text).when
            if when is None or when in package.extras:
                yield text, package.name


@dataclass(frozen=True, slots=True)
class _Available:
    version: str
    package: PipPackage | None = None  # None: from conda or editable, where extras are not recorded


def _available(spec: EnvSpec, locked: PlatformLock) -> dict[str, _Available]:
    # the version of an editable project is what stands there when it is installed
    found = {project.name: _Available("") for project in spec.pip.editable}
    provided = (text.split("==", 1) for p in locked.conda for text in p.provides)
    found |= {str(canonicalize_name(name)): _Available(version) for name, version in provided}
    return found | {p.name: _Available(p.version, p) for p in locked.pip}


def _reason(need: Edge, found: _Available | None) -> str | None:
    if found is None:
        return "nothing of that name is locked"
    if not is_within(found.version, need.limits):
        return f"{found.version} is locked"
    package = found.package
    if need.source and not (package and is_from(package, need.source)):
        return f"{found.version} from {f'`{package.source}`' if package else 'conda'} is locked"
    if package and need.extras:
        missing = need.extras - set(package.extras)
        return f"{found.version} is locked without extra `{min(missing)}`" if missing else None
    return None


def _twice(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """Distributions in wheels that a conda package brings too, or a project: in a prefix one overwrites the other."""
    owners = {text.partition("==")[0]: f"inside conda's `{p.name}`" for p in locked.conda for text in p.provides}
    owners |= {project.name: f"as the editable project `{project.path}`" for project in spec.pip.editable}
    for package in locked.pip:
        if package.name in owners:
            yield Problem(
                kind="twice",
                subject=package.name,
                platform=locked.platform,
                message=f"`{package.name}` is locked twice: as a wheel, and {owners[package.name]}",
            )


def _pythons(locked: PlatformLock) -> Iterator[Problem]:
    """The Python that distributions ask for."""
    for package in locked.pip if locked.python else ():
        if package.requires_python and not is_within(str(locked.python), package.requires_python):
            need = f"python {package.requires_python}"
            yield unmet(need, f"{locked.python} is locked", package.name, locked.platform)
