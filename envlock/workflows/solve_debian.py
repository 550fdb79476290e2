"""The Debian part of a platform's lock: from the archive's indexes, around the pins that may stay."""

from collections.abc import Mapping
from dataclasses import replace

from envlock.debian.index import Universe, open_universe
from envlock.debian.solve import Wanted, python_root, solve
from envlock.debian.versions import compare
from envlock.errors import UserInputError
from envlock.model.debian_base import (
    MANIFEST,
    brings_python,
    component,
    debian_base,
    locked_interpreter,
    wanted_packages,
)
from envlock.model.debian_closure import DebianClosure
from envlock.model.debian_relations import plain_requirement
from envlock.model.lock import Base, DebianPackage
from envlock.model.spec import DebianSpec
from envlock.workflows import later
from envlock.workflows.debian_indexes import indexes
from envlock.workflows.debian_mirrors import SNAPSHOT
from envlock.workflows.task import PlatformTask

_TABLE = ("image", "debian")  # that asks for packages


def solve_debian(task: PlatformTask) -> tuple[Base, tuple[DebianPackage, ...]]:
    """The packages of one platform's base, sorted by name, and what is recorded of them."""
    debian = _debian(task)
    task.context.progress(f"{task.name}: Debian {debian.suite} packages")
    found = indexes(task)
    universe = open_universe(found.files, task.context.cache)
    keep = _kept(task, debian)
    root, minor = _python(task, universe, keep)
    roots = wanted_packages(debian, root) | dict(_limits(task))
    wanted = Wanted(roots=roots, keep=keep, architecture=task.platform.architecture, suite=debian.suite)
    packages = _needed(_chosen(task, wanted, universe), keep, roots)
    same = task.pins and _identities(packages) == _identities(task.pins.debian)
    # they tell what the packages were chosen from: where these stay, so do they
    dates = (task.pins.base.dates if task.pins and same else ()) or found.dates
    return debian_base(debian.suite, dates, packages, f"python{minor}" if minor else None), packages


def _chosen(task: PlatformTask, wanted: Wanted, universe: Universe) -> tuple[DebianPackage, ...]:
    try:
        return solve(wanted, universe)
    except UserInputError:
        # said once more with the lines of env.toml, which nobody looks for as long as all is well
        return solve(replace(wanted, roots=_with_lines(task, wanted.roots)), universe)


def _with_lines(task: PlatformTask, roots: Mapping[str, str]) -> dict[str, str]:
    """Who asks for what: "env.toml:7" instead of "env.toml"."""
    places = later.root_places(task.project)
    lines = {need: f"{place.file}:{place.line}" for (table, need), place in places.items() if table == _TABLE}
    return {need: lines.get(need, who) if who == MANIFEST else who for need, who in roots.items()}


def is_limited(task: PlatformTask) -> bool:
    """Is there a snapshot archive, so that `exclude-newer` holds for Debian's packages, too?"""
    return bool(_debian(task).snapshot or task.context.environment.get(SNAPSHOT))


def _debian(task: PlatformTask) -> DebianSpec:
    assert task.spec.image.debian
    return task.spec.image.debian


def _python(task: PlatformTask, universe: Universe, keep: tuple[DebianPackage, ...]) -> tuple[str | None, str | None]:
    """The relation that brings the Python, and its minor version; None where Debian does not."""
    if not brings_python(task.spec, task.name):
        return None, None
    locked = locked_interpreter(task.pins.base) if task.pins else None
    # the suite may have come to another one, as sid does
    kept = next((package.name.removeprefix("python") for package in keep if package.name == locked), None)
    return python_root(task.spec.python or kept, universe, keep)


def _limits(task: PlatformTask) -> list[tuple[str, str]]:
    """What `-P NAME==VERSION` says of the packages that are locked, and who says it."""
    found = []
    for text in task.limits("debian"):
        name, _, version = text.removesuffix(")").partition(" (= ")
        asked = f"-P {name}=={version}"
        try:
            found.append((plain_requirement(text), f"`{asked}`"))
        except ValueError:
            raise UserInputError(f"`{asked}`: `{version}` is no version of a Debian package") from None
    return found


def _kept(task: PlatformTask, debian: DebianSpec) -> tuple[DebianPackage, ...]:
    """The pins that may stay: of the same suite, machine and components, and not of a time that is excluded."""
    base = task.pins.base if task.pins else Base()
    if base.suite != debian.suite or (task.has_late_debian and is_limited(task)):
        return ()
    fitting = (task.platform.architecture, "all")
    parts = (None, *debian.components)
    return tuple(p for p in task.kept_debian if p.architecture in fitting and component(p) in parts)


def _needed(
    packages: tuple[DebianPackage, ...], keep: tuple[DebianPackage, ...], roots: dict[str, str]
) -> tuple[DebianPackage, ...]:
    """Of what was chosen what something leads to, and what was locked before as it is locked."""
    reached = DebianClosure(packages, compare).reached(roots)
    pinned = {package.identity: package for package in keep}
    return tuple(pinned.get(package.identity, package) for package in packages if package.name in reached)


def _identities(packages: tuple[DebianPackage, ...]) -> list[str]:
    return [package.identity for package in packages]
