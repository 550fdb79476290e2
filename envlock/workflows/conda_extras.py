"""Extras of what conda provides, which conda does not know: what they need is read from the packages themselves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from envlock.model.conda_contents import distributions
from envlock.model.conda_extras import needs_of_extras, read_extra
from envlock.model.lock import CondaPackage, PipPackage
from envlock.model.requirements import applies
from envlock.model.wheel_metadata import read_needs
from envlock.solvers.requests import Provided
from envlock.sources.fetch import fetch
from envlock.sources.supply import Supply
from envlock.system.cache import typed
from envlock.system.conda.child import ask
from envlock.workflows.packages import supply_of
from envlock.workflows.solve_conda import read_contents
from envlock.workflows.task import PlatformTask

_METADATA = "conda-metadata"


def provided_by(task: PlatformTask, conda: Sequence[CondaPackage], also: Iterable[str] = ()) -> dict[str, Provided]:
    """The distributions that conda packages bring, by canonical name, each with what its extras need where an extra
    of it is asked for: by env.toml, by the lock that there is, or by `also`, requirements of wheels."""
    found = {text.partition("==")[0]: (text, package) for package in conda for text in package.provides}
    known = [read_extra(text).distribution for package in conda for text in package.extras]
    # whatever markers say: of which Python they speak is not known to everybody who asks
    wanted = _extras(also)
    asked = {*_extras(task.wants.pip), *wanted, *known} & found.keys()
    supply = supply_of(task.sources, task.context)
    return {
        name: replace(_told(text, package, supply), wanted=tuple(sorted(wanted.get(name, ()))))
        if name in asked
        else Provided(version=text.partition("==")[2])
        for name, (text, package) in found.items()
    }


def needs_of_untied(
    provided: Mapping[str, Provided], requirements: Iterable[str], environment: Mapping[str, str]
) -> tuple[str, ...]:
    """What extras need that are asked for of what has a version that no resolver reads: it is told nothing of these,
    and must be asked for what they need as well."""
    untied = {name: each for name, each in provided.items() if each.told and each.pep440 is None}
    asked = [text for text in requirements if applies(Requirement(text).marker, environment)]
    asked += [f"{name}[{','.join(each.wanted)}]" for name, each in sorted(untied.items()) if each.wanted]
    found = needs_of_extras(asked, frozenset(untied), lambda name: untied[name].requires, environment)
    return tuple(sorted({each.need for each in found if each.need}))


def with_extras(
    task: PlatformTask, conda: Sequence[CondaPackage], pip: Sequence[PipPackage], python: str
) -> tuple[CondaPackage, ...]:
    """conda packages with what is to be locked of the extras that are asked for."""
    environment = task.platform.markers(python)
    packages = {text.partition("==")[0]: (text, package) for package in conda for text in package.provides}
    supply = supply_of(task.sources, task.context)
    asked = [root for root in task.wants.pip if applies(Requirement(root).marker, environment)]
    found: dict[str, set[str]] = {}
    for extra in needs_of_extras(
        [*asked, *_needed_by(pip)],
        frozenset(packages),
        lambda name: _needs(*packages[name], supply)[0],
        environment,
    ):
        found.setdefault(packages[extra.distribution][1].name, set()).add(str(extra))
    return tuple(replace(p, extras=tuple(sorted(found.get(p.name, ())))) for p in conda)


def unknown_extras(provided: Mapping[str, Provided], pip: Sequence[PipPackage]) -> list[str]:
    """Requirements of wheels that ask for extras of what conda provides, which the solver was not told of."""
    return [
        need
        for need in _needed_by(pip)
        if any(name in provided and not _told_of(provided[name], extras) for name, extras in _extras([need]).items())
    ]


def _told_of(brought: Provided, extras: set[str]) -> bool:
    return brought.told and (brought.pep440 is not None or extras <= {*brought.wanted})


def _needed_by(pip: Sequence[PipPackage]) -> list[str]:
    return [need for package in pip for need in package.requires if "[" in need]


def _extras(requirements: Iterable[str]) -> dict[str, set[str]]:
    """By name the extras that are asked for."""
    found: dict[str, set[str]] = {}
    for requirement in (Requirement(text) for text in requirements if "[" in text):
        if requirement.extras:
            found.setdefault(canonicalize_name(requirement.name), set()).update(
                map(canonicalize_name, requirement.extras)
            )
    return found


def _told(text: str, package: CondaPackage, supply: Supply) -> Provided:
    requires_dist, provides_extra = _needs(text, package, supply)
    return Provided(
        version=text.partition("==")[2],
        extras=provides_extra,
        # what it needs without any extra is there already, as conda sees it
        requires=tuple(need for need in requires_dist if "extra" in need.partition(";")[2]),
        told=True,
    )


def _needs(text: str, package: CondaPackage, supply: Supply) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a distribution ("flask==3.0") requires, and its extras; kept by the sha256 of the package around it."""
    key = f"{package.sha256}-{text}"
    kept = supply.cache.record(_METADATA, key, lambda kept: typed(kept, str))
    if kept is None:
        kept = _read(text, package, supply)
        supply.cache.keep(_METADATA, key, kept)
    return read_needs(kept.encode())


def _read(text: str, package: CondaPackage, supply: Supply) -> str:
    place = str(fetch(package, supply))
    inside = read_contents([(package.sha256, place)], supply.cache)[package.sha256]["files"]
    wanted = [path for path, _, _ in inside if text in distributions([path])]
    name, _, version = text.partition("==")
    found = ask("members", {"package": place, "members": wanted}).values()
    return next(iter(found), f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
