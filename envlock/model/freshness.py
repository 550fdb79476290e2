"""Does a lock answer its manifest and itself? Every input and every edge is walked, offline.

Two clean branches can merge into a lock that parses and is wrong, so names are not enough: requirement
strings stand in the lock and each is held against the version that is locked.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from envlock.model.lock import CondaPackage, ImageSettings, Inputs, Lock, PipPackage, PlatformLock
from envlock.model.platform import PLATFORMS, System
from envlock.model.problem import Problem
from envlock.model.requirements import applies
from envlock.model.spec import EnvSpec
from envlock.model.tags import wheel_tags

# (match spec, package) -> does the package satisfy it?
CondaMatcher = Callable[[str, CondaPackage], bool]


def problems(spec: EnvSpec, lock: Lock, conda_matches: CondaMatcher) -> tuple[Problem, ...]:
    """Every reason, in a fixed order; empty when the lock answers."""
    walked = [p for name in spec.platforms for p in _platform(spec, lock, name, conda_matches)]
    return (
        *_changed_inputs(Inputs.of(spec), lock.inputs, said={p.subject for p in walked if p.subject}),
        *_changed_image(ImageSettings.of(spec), lock.image),
        *walked,
        *_foreign_platforms(spec, lock),
    )


def _changed_inputs(wanted: Inputs, locked: Inputs, *, said: set[str]) -> Iterator[Problem]:
    """What was asked for when it was locked, against what is asked for now; not what the walk has `said` already."""
    for field in fields(Inputs):
        new, old = getattr(wanted, field.name), getattr(locked, field.name)
        if new == old or field.name == "platforms":
            continue
        if field.name in _NAMES:
            yield from _dependency_change(new, old, _NAMES[field.name], said)
        else:
            yield from _CHANGES.get(field.name, _scalar_change)(field.name, new, old)


def _scalar_change(key: str, new: object, old: object) -> Iterator[Problem]:
    yield Problem(
        kind="input",
        subject=key,
        message=f"`{key}` is now {_shown(new)}: the lock was made for {_shown(old)}",
    )


def _dependency_change(
    new: Iterable[str], old: Iterable[str], name_of: Callable[[str], str], said: set[str]
) -> Iterator[Problem]:
    """By name, so that a changed range is one change; what is unmet, or locked for nothing, the walk says better."""
    before, after = _by_name(old, name_of), _by_name(new, name_of)
    for name in sorted(before.keys() | after.keys()):
        was, now = before.get(name, ""), after.get(name, "")
        if was == now or said & {name, *now.split("; ")}:
            continue
        if not now:
            yield Problem(kind="removed", subject=was, message=f"`{was}` is no longer asked for")
        elif not was:
            yield Problem(kind="added", subject=now, message=f"`{now}` was not asked for when this was locked")
        else:
            yield Problem(kind="changed", subject=now, message=f"`{now}` was `{was}` when this was locked")


def _by_name(requirements: Iterable[str], name_of: Callable[[str], str]) -> dict[str, str]:
    found: dict[str, list[str]] = {}
    for text in requirements:
        found.setdefault(name_of(text), []).append(text)
    return {name: "; ".join(sorted(texts)) for name, texts in found.items()}


def _order_change(key: str, new: Iterable[str], old: Iterable[str]) -> Iterator[Problem]:
    yield Problem(
        kind="order", subject=key, message=f"`{key}` are now {_listed(new)}: the lock was made for {_listed(old)}"
    )


def _listed(items: Iterable[str]) -> str:
    return ", ".join(f"`{item}`" for item in items) or "none"


def _system_change(_key: str, new: object, old: object) -> Iterator[Problem]:
    before, after = dict(_systems(old)), dict(_systems(new))
    for platform in sorted(before.keys() & after.keys()):
        for name in after[platform].differences(before[platform]):
            was, now = getattr(before[platform], name), getattr(after[platform], name)
            yield Problem(
                kind="input",
                subject=name,
                platform=platform,
                message=f"`{name}` is now {_shown(now)}: the lock was made for {_shown(was)}",
            )


def _index_change(key: str, _new: object, _old: object) -> Iterator[Problem]:
    yield Problem(kind="input", subject=key, message="the package indexes changed")


_CHANGES: dict[str, Callable[..., Iterator[Problem]]] = {
    "channels": _order_change,
    "systems": _system_change,
    "indexes": _index_change,
}


def _systems(value: object) -> Iterator[tuple[str, System]]:
    assert isinstance(value, tuple)
    yield from value


def _changed_image(wanted: ImageSettings, locked: ImageSettings) -> Iterator[Problem]:
    for field in fields(ImageSettings):
        new, old = getattr(wanted, field.name), getattr(locked, field.name)
        if new != old:
            yield Problem(
                kind="image",
                subject=field.name,
                message=f"`{field.name}` is {_shown(new)}: {_shown(old)} is locked",
            )


def _foreign_platforms(spec: EnvSpec, lock: Lock) -> Iterator[Problem]:
    for platform in lock.platforms:
        if platform.platform not in spec.platforms:
            yield Problem(
                kind="platform",
                subject=platform.platform,
                message=f"`{platform.platform}` is locked but not asked for",
            )


def _platform(spec: EnvSpec, lock: Lock, name: str, conda_matches: CondaMatcher) -> Iterator[Problem]:
    locked = lock.platform(name)
    if locked is None:
        yield Problem(kind="platform", subject=name, platform=name, message=f"`{name}` is not locked")
        return
    yield from _conda_edges(spec, locked, conda_matches)
    yield from _pip_edges(spec, locked)
    if locked.pip and locked.python:
        yield from _wheels(locked, spec.system(name))


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


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return repr([list(v) if isinstance(v, tuple) else v for v in value])
    return "not set" if value is None else f"`{value}`"


_NAMES: dict[str, Callable[[str], str]] = {
    "conda": conda_name,
    "pip": lambda text: str(canonicalize_name(Requirement(text).name)),
}
