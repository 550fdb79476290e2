"""The edges between distributions: every requirement, and the names that conda brings too."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement

from envlock.model.conda_extras import ExtraNeed, read_extra
from envlock.model.direct import is_from
from envlock.model.limits import is_within
from envlock.model.lock import CondaPackage, PipPackage, PlatformLock
from envlock.model.needs import Need, need
from envlock.model.platform import PLATFORMS
from envlock.model.problem import Problem, least, opposed, unmet
from envlock.model.requirements import applies
from envlock.model.spec import EnvSpec
from envlock.model.wheel_fit import unfit_wheels


def pip_edges(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """What is wrong between env.toml, the wheels, and the distributions and the Python that they stand on."""
    yield from _requirements(spec, locked)
    yield from _limits(spec, locked)
    yield from _twice(spec, locked)
    yield from unfit_wheels(locked, spec.system(locked.platform))
    yield from _pythons(locked)


def _requirements(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    available = _available(spec, locked)
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    roots = {
        r: need(r)
        for r in spec.all_wants(locked.platform).pip
        if ";" not in r or applies(Requirement(r).marker, environment)
    }
    for text, root in roots.items():
        reason = _reason(root, available.get(root.name))
        if reason:
            yield unmet(text, reason, None, locked.platform)
    for text, asker in _needs(locked):
        wanted = need(text)
        reason = _reason(wanted, available.get(wanted.name))
        if reason:
            yield unmet(text, opposed(reason, _opponent(wanted, text, roots)), asker, locked.platform)


def _limits(spec: EnvSpec, locked: PlatformLock) -> Iterator[Problem]:
    """What is locked beyond the constraints of env.toml, whoever brings it."""
    if not spec.pip.constraints:
        return
    environment = PLATFORMS[locked.platform].markers(locked.python or "3")
    available = _available(spec, locked)
    for text in spec.pip.constraints:
        limit = need(text)
        found = available.get(limit.name)
        applying = ";" not in text or applies(Requirement(text).marker, environment)
        if found and applying and not is_within(found.version, limit.limits):
            message = f"`{limit.name}` {found.version} is locked: constraint `{text}`"
            yield Problem(kind="unmet", subject=text, platform=locked.platform, message=message)


def _opponent(wanted: Need, text: str, roots: Mapping[str, Need]) -> str | None:
    """The requirement of env.toml, if there is one, that no version can meet beside this one."""
    same = [(other, root.limits) for other, root in roots.items() if root.name == wanted.name]
    return next((t for t, limits in same for version in least(text) if not is_within(version, limits)), None)


def _needs(locked: PlatformLock) -> Iterator[tuple[str, str]]:
    """Every requirement of the packages, as far as it is asked for, and whose it is."""
    for package in locked.pip:
        for text in package.requires:
            when = need(text).when
            if when is None or when in package.extras:
                yield text, package.name
    yield from ((extra.need, package.name) for package, extra in _extras(locked) if extra.need)


def _extras(locked: PlatformLock) -> Iterator[tuple[CondaPackage, ExtraNeed]]:
    """What is locked of extras of the distributions that conda packages hold."""
    return ((package, read_extra(text)) for package in locked.conda for text in package.extras)


@dataclass(frozen=True, slots=True)
class _Available:
    version: str
    extras: frozenset[str] | None = frozenset()  # None: of an editable project, which has them
    package: PipPackage | None = None  # None: from conda, or editable


def _available(spec: EnvSpec, locked: PlatformLock) -> dict[str, _Available]:
    # the version of an editable project is what stands there when it is installed
    found = {project.name: _Available("", extras=None) for project in spec.pip.editable}
    extras: dict[str, set[str]] = {}
    for _, extra in _extras(locked):
        extras.setdefault(extra.distribution, set()).add(extra.extra)
    provided = (text.split("==", 1) for p in locked.conda for text in p.provides)
    found |= {name: _Available(version, frozenset(extras.get(name, ()))) for name, version in provided}
    return found | {p.name: _Available(p.version, frozenset(p.extras), p) for p in locked.pip}


def _reason(wanted: Need, found: _Available | None) -> str | None:
    if found is None:
        return "nothing of that name is locked"
    if not is_within(found.version, wanted.limits):
        return f"{found.version} is locked"
    package = found.package
    if wanted.source and not (package and is_from(package, wanted.source)):
        return f"{found.version} from {f'`{package.source}`' if package else 'conda'} is locked"
    missing = wanted.extras - found.extras if found.extras is not None else None
    return f"{found.version} is locked without extra `{min(missing)}`" if missing else None


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
            python = f"python {package.requires_python}"
            yield unmet(python, f"{locked.python} is locked", package.name, locked.platform)
